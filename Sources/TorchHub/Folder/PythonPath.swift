import Foundation

/// What Python's `os.path` makes of the paths in environment variables.
enum PythonPath {
  /// `os.path.join`, for a second part that is relative.
  static func joined(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  /// `os.path.expanduser`: HOME first, then the system's list of users; an unknown user's path stays as it is.
  static func expandingUser(_ path: String, _ environment: [String: String]) -> String {
    guard path.hasPrefix("~") else { return path }
    let user = path.dropFirst().prefix { $0 != "/" }
    let found = user.isEmpty ? environment["HOME"] ?? NSHomeDirectory() : NSHomeDirectoryForUser(String(user))
    guard var home = found else { return path }
    while home.hasSuffix("/") { home.removeLast() }
    let expanded = home + path.dropFirst(1 + user.count)
    return expanded.isEmpty ? "/" : expanded
  }

  /// `os.path.expandvars`: `$NAME` and `${NAME}`; a variable that is not set stays as it is.
  static func expandingVariables(_ path: String, _ environment: [String: String]) -> String {
    var expanded = ""
    var rest = path[...]
    while let dollar = rest.firstIndex(of: "$") {
      expanded += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      let isBraced = rest.hasPrefix("{")
      let name: Substring
      if isBraced, let end = rest.firstIndex(of: "}") {
        name = rest[..<end].dropFirst()
      } else {
        name = isBraced ? "" : rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
      }
      if !name.isEmpty, let value = environment[String(name)] {
        expanded += value
        rest = rest.dropFirst(name.count + (isBraced ? 2 : 0))
      } else {
        expanded += "$"
      }
    }
    return expanded + rest
  }
}
