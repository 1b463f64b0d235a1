/// A prefix that the names of a state dict have and a model's have not: `module.` of DataParallel, `_orig_mod.` of
/// `torch.compile`, `model.` of Lightning.
public struct CommonPrefix: Hashable, Sendable {
  /// The prefix with its dot, such as `module.`; several wrappers stand one behind the other.
  public let text: String
  /// How many names of the model are found without it.
  public let boundCount: Int
  /// Whether it was stripped.
  public private(set) var isStripped = false
  /// Whether its components are taken out wherever they stand, since wrappers can lie around inner modules too.
  private let isAnywhere: Bool

  /// Wrappers that put a component of their own into every name beneath them, at any depth.
  private static let wrappers: Set<Substring> = [
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
  ]

  /// The prefix under which the most names of a model are found; nil if none finds more than the plain names do.
  static func find(in names: [String], for registry: ParameterRegistry) -> CommonPrefix? {
    let known = Set(registry.specs.lazy.flatMap { [$0.name] + $0.formerNames.map(\.name) })
    func count(_ name: (String) -> String) -> Int { names.count { known.contains(name($0)) } }
    var best: CommonPrefix?
    var bestCount = count { $0 }
    func consider(_ text: String, anywhere: Bool) {
      let candidate = CommonPrefix(text: text, boundCount: count { strip($0, text, anywhere) }, isAnywhere: anywhere)
      if candidate.boundCount > bestCount {
        best = candidate
        bestCount = candidate.boundCount
      }
    }
    for text in leadingPrefixes(of: names) { consider(text, anywhere: false) }
    let found = names.first { $0.split(separator: ".").contains(where: wrappers.contains) }
    if let found {
      let components = found.split(separator: ".").filter(wrappers.contains)
      consider(components.map { $0 + "." }.joined(), anywhere: true)
    }
    return best
  }

  /// The prefixes of up to four components that many names begin with, the shortest first.
  private static func leadingPrefixes(of names: [String]) -> [String] {
    var counts: [Substring: Int] = [:]
    for name in names {
      var end = name.utf8.startIndex
      for _ in 0..<4 {
        guard let dot = name.utf8[end...].firstIndex(of: UInt8(ascii: ".")) else { break }
        end = name.utf8.index(after: dot)
        counts[name[..<end], default: 0] += 1
      }
    }
    // A prefix of a few names only cannot be what the whole state dict was wrapped in.
    return counts.filter { $0.value * 2 > names.count }.keys.sorted { $0.utf8.count < $1.utf8.count }.map(String.init)
  }

  private init(text: String, boundCount: Int, isAnywhere: Bool) {
    self.text = text
    self.boundCount = boundCount
    self.isAnywhere = isAnywhere
  }

  var asStripped: CommonPrefix {
    var stripped = self
    stripped.isStripped = true
    return stripped
  }

  /// The name without the prefix; a name that has it not stays as it is.
  func stripping(_ name: String) -> String { Self.strip(name, text, isAnywhere) }

  private static func strip(_ name: String, _ text: String, _ anywhere: Bool) -> String {
    if anywhere {
      let components = name.split(separator: ".", omittingEmptySubsequences: false)
      return components.filter { !wrappers.contains($0) }.joined(separator: ".")
    }
    if name.hasPrefix(text) { return String(name.dropFirst(text.count)) }
    // A module's own path has no dot at its end.
    return name + "." == text ? "" : name
  }
}

extension CommonPrefix: Encodable {
  private enum Key: String, CodingKey {
    case name, stripped
    case boundCount = "bound"
  }

  /// Writes the prefix: `{"name": "module.", "stripped": true, "bound": 295}`.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(text, forKey: .name)
    try object.encode(isStripped, forKey: .stripped)
    try object.encode(boundCount, forKey: .boundCount)
  }
}
