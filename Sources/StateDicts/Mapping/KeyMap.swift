/// An ordered list of renamings from checkpoint names to model names, which can be printed and inverted.
///
///     head.*=roi_heads.*
///     module.*=*
///
/// A name is renamed once, by the first renaming that matches. Other names stay as they are.
public struct KeyMap: Hashable, Sendable {
  /// A renaming: one line of the map.
  public struct Renaming: Hashable, Sendable {
    /// The pattern of the old names.
    public let from: NamePattern
    /// The new names, in which stars are replaced by what the stars of `from` match, in order.
    public let to: NamePattern

    /// Creates a renaming.
    ///
    /// - Throws: `malformedRenaming` if the sides have different numbers of stars.
    public init(from: NamePattern, to: NamePattern) throws(CheckpointError) {
      guard from.starCount == to.starCount else {
        throw CheckpointError(
          .malformedRenaming,
          "The renaming \(from)=\(to) needs the same number of * on both sides.")
      }
      self.init(checked: from, to)
    }

    /// Parses a renaming such as `head.*=roi_heads.*`.
    ///
    /// - Throws: `malformedRenaming` if there is not exactly one `=`, or the sides have different numbers of stars.
    public init(_ text: String) throws(CheckpointError) {
      let sides = text.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw CheckpointError(
          .malformedRenaming, "Not a renaming of the form OLD=NEW: \(text)",
          remedy: "write it like 'head.*=roi_heads.*'")
      }
      try self.init(from: NamePattern(String(sides[0])), to: NamePattern(String(sides[1])))
    }

    private init(checked from: NamePattern, _ to: NamePattern) {
      self.from = from
      self.to = to
    }

    /// The inverse renaming.
    public var inverse: Renaming { Renaming(checked: to, from) }

    /// Returns the new name; nil if the renaming does not match.
    public func apply(to name: String) -> String? { from.captures(in: name).map(to.filled(with:)) }
  }

  /// The renamings, in order.
  public let renamings: [Renaming]
  /// The places of the first renaming of each whole name, and of those with stars.
  private let whole: [ExactName: Int]
  private let patterns: [Int]

  /// Creates a map.
  public init(_ renamings: [Renaming] = []) {
    self.renamings = renamings
    patterns = renamings.indices.filter { renamings[$0].from.starCount > 0 }
    whole = Dictionary(
      renamings.enumerated().lazy.filter { $1.from.starCount == 0 }.map { (ExactName($1.from.text), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Parses the lines of a map, each `OLD=NEW`.
  ///
  /// - Throws: `malformedRenaming`.
  public init(_ lines: some Sequence<String>) throws(CheckpointError) {
    var renamings: [Renaming] = []
    for line in lines { renamings.append(try Renaming(line)) }
    self.init(renamings)
  }

  /// The inverse map.
  public var inverse: KeyMap { KeyMap(renamings.map(\.inverse)) }

  /// Returns the new name.
  public func apply(to name: String) -> String { decision(on: name)?.name ?? name }

  /// The first renaming that fits a name, and what the name becomes by it.
  private func decision(on name: String) -> (place: Int, name: String)? {
    let place = whole[ExactName(name)]
    for pattern in patterns where pattern < place ?? .max {
      if let renamed = renamings[pattern].apply(to: name) { return (pattern, renamed) }
    }
    return place.map { ($0, renamings[$0].to.text) }
  }

  /// The renamings that decide what becomes of names, each once.
  package func renamings(deciding names: [String]) -> [Renaming] {
    Set(names.compactMap { decision(on: $0)?.place }).sorted().map { renamings[$0] }
  }

  /// Returns the renamings that change no name, because they match none, or only names that an earlier one renames.
  public func withoutEffect(on names: [String]) -> [Renaming] {
    guard !renamings.isEmpty else { return [] }
    let used = Set(names.compactMap { decision(on: $0)?.place })
    return renamings.indices.filter { !used.contains($0) }.map { renamings[$0] }
  }

  /// Returns the names that the inverse does not restore, because another of its lines matches their new names.
  public func irreversible(among names: some Sequence<String>) -> [String] {
    let inverse = inverse
    return names.filter { inverse.apply(to: apply(to: $0)) != $0 }
  }
}

extension KeyMap: CustomStringConvertible {
  /// The renamings, one per line.
  public var description: String { renamings.map(\.description).joined(separator: "\n") }
}

extension KeyMap.Renaming: CustomStringConvertible {
  /// The text of the renaming.
  public var description: String { "\(from)=\(to)" }
}

extension StateDict {
  /// Returns the state dict with its tensors renamed by a map.
  ///
  /// - Throws: `nameCollision`, with the renaming, if two names become equal.
  public func renamed(by map: KeyMap) throws(CheckpointError) -> StateDict {
    try map.refuseCollisions(among: names)
    return try mapNames(map.apply(to:))
  }
}

extension KeyMap {
  /// Refuses names of which two become one.
  func refuseCollisions(among names: [String]) throws(CheckpointError) {
    var sources: [ExactName: String] = [:]
    for name in names {
      let renamed = apply(to: name)
      guard let other = sources.updateValue(name, forKey: ExactName(renamed)) else { continue }
      let rules = renamings(deciding: [other, name]).map { "'\($0)'" }.joined(separator: " and ")
      throw CheckpointError(
        .nameCollision, "\(other) and \(name) are both renamed to \(renamed), by \(rules).",
        remedy: "change that renaming (--rename), so that names stay unique")
    }
  }
}
