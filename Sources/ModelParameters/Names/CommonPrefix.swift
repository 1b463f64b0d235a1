import StateDicts

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
  static func find(
    in names: [String], for registry: ParameterRegistry, plainCount: Int
  ) -> CommonPrefix? {
    let former = Set(registry.specs.lazy.flatMap(\.formerNames).map(\.name))
    func count(_ name: (String) -> String) -> Int {
      names.count { original in
        let name = name(original)
        return registry.places[ExactName(name)] != nil || former.contains(name)
      }
    }
    var best: CommonPrefix?
    var bestCount = plainCount
    func consider(_ text: String, anywhere: Bool) {
      guard bestCount < names.count else { return }
      let candidate = CommonPrefix(text: text, boundCount: count { strip($0, text, anywhere) }, isAnywhere: anywhere)
      if candidate.boundCount > bestCount {
        best = candidate
        bestCount = candidate.boundCount
      }
    }
    for text in leadingPrefixes(of: names) { consider(text, anywhere: false) }
    if bestCount < names.count, let wrapped = names.lazy.map(wrapperComponents(of:)).first(where: { !$0.isEmpty }) {
      consider(wrapped.map { $0 + "." }.joined(), anywhere: true)
    }
    return best
  }

  /// The prefixes of up to four components that most names begin with, the shortest first.
  ///
  /// What most names have, one of these three has: unless the others were put between them on purpose.
  private static func leadingPrefixes(of names: [String]) -> [String] {
    var prefixes: [Substring] = []
    for place in Set([0, names.count / 2, names.count - 1]) where names.indices.contains(place) {
      let name = names[place]
      var end = name.utf8.startIndex
      while prefixes.count < 12, let dot = name.utf8[end...].firstIndex(of: UInt8(ascii: ".")) {
        end = name.utf8.index(after: dot)
        if !prefixes.contains(name[..<end]) { prefixes.append(name[..<end]) }
      }
    }
    return prefixes.filter { prefix in names.count { $0.utf8.starts(with: prefix.utf8) } * 2 > names.count }
      .sorted { $0.utf8.count < $1.utf8.count }.map(String.init)
  }

  private static func wrapperComponents(of name: String) -> [Substring] {
    name.split(separator: ".").filter(wrappers.contains)
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
    if name.utf8.starts(with: text.utf8) {
      return String(decoding: name.utf8.dropFirst(text.utf8.count), as: UTF8.self)
    }
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
