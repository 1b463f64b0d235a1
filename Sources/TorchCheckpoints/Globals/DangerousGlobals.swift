/// Globals that run code, start processes, open files or sockets, or load code, pickles or YAML.
///
/// A pickle that names one is refused unless the caller allows it, and even then nothing is run. The names are in
/// `DangerousGlobals+List.swift`; these are the rules for matching them:
///
///     os + system                           os.system begins with the entry "os"
///     torch.serialization + os.system       so does what follows a module among the attributes
///     random + _os.system                   … under the name that it was imported by
///     numpy + __builtins__                  an attribute that leads anywhere
///     sklearn.externals.joblib + load       a library inside another one
///     commands + getoutput                  Python 3 reads it as subprocess + getoutput: `PythonNames`
///     mypkg.code + interact                 a user's own module, whatever it is called: not dangerous
enum DangerousGlobals {
  static func contains(_ global: Pickle.Global) -> Bool {
    PythonNames.readings(of: global).contains { isDangerous($0) }
  }

  /// Nobody nests classes this deep, and each part costs time.
  private static let partLimit = 32

  private static func isDangerous(_ global: Pickle.Global) -> Bool {
    if global.module == Pickle.Global.computed || global.name == Pickle.Global.computed { return true }
    let module = parts(of: global.module)
    let attributes = parts(of: global.name)
    guard module.count + attributes.count <= partLimit else { return true }
    if spared.contains((module + attributes).joined(separator: ".")) { return false }
    if attributes.contains(where: { gateways.contains($0) || functions.contains($0) }) { return true }
    // Protocol 4 names what is inside a class with dots.
    if attributes.dropFirst().contains(where: { methods.contains($0) }) { return true }
    let path = module + attributes
    let libraries = module.indices.filter { $0 > 0 && bundles.contains(module[$0 - 1]) }
    if ([0] + libraries).contains(where: { isListed(path[$0...]) }) { return true }
    return attributes.indices.contains { place in
      let rest = attributes[place...]
      guard rest.count > 1 || !ordinaryWords.contains(rest[place]) else { return false }
      return spellings(of: rest[place]).contains { isListed(($0 + rest.dropFirst())[...]) }
    }
  }

  /// Whether a path is one of the list, or lies under one.
  private static func isListed(_ path: ArraySlice<String>) -> Bool {
    var prefix = ""
    for part in path {
      prefix += prefix.isEmpty ? part : "." + part
      if list.contains(prefix) { return true }
    }
    return false
  }

  /// What an attribute may be when it is a module: `_os` is `os`, `np` is `numpy`.
  private static func spellings(of attribute: String) -> [[String]] {
    let bare = String(attribute.drop { $0 == "_" })
    return [[attribute], [bare]] + (aliases[bare].map { [parts(of: $0)] } ?? [])
  }

  /// The parts between dots.
  ///
  /// Python imports no name with blanks, but who reads the report would not see them.
  private static func parts(of name: String) -> [String] {
    name.utf8.split(separator: UInt8(ascii: ".")).map(Substring.init).map { part in
      guard !part.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return String(part) }
      return String(String.UnicodeScalarView(part.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }
  }
}
