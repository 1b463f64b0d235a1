public import StateDicts

/// How names of a checkpoint become names of a model: an ordered list of renamings that can be printed and turned round.
///
///     head.*=roi_heads.*
///     module.*=*
///
/// A name is renamed by the first renaming that fits it, once; a name that none fits stays as it is.
public struct KeyMap: Hashable, Sendable {
  /// One line of the map.
  public struct Renaming: Hashable, Sendable {
    /// The names that it applies to.
    public let from: NamePattern
    /// What they become; the stars stand for what they stood for in `from`, in order.
    public let to: NamePattern

    /// Creates a renaming.
    ///
    /// - Throws: `malformedRenaming` if the two sides have not the same number of stars.
    public init(from: NamePattern, to: NamePattern) throws(ParameterError) {
      guard from.starCount == to.starCount else {
        throw ParameterError(
          .malformedRenaming,
          "The renaming \(from)=\(to) needs the same number of * on both sides.")
      }
      self.init(checked: from, to)
    }

    /// Reads a renaming as it is written: `head.*=roi_heads.*`.
    ///
    /// - Throws: `malformedRenaming` if there is no `=`, more than one, or the stars do not agree.
    public init(_ text: String) throws(ParameterError) {
      let sides = text.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
        throw ParameterError(
          .malformedRenaming, "Not a renaming of the form OLD=NEW: \(text)",
          remedy: "write it like 'head.*=roi_heads.*'")
      }
      try self.init(from: NamePattern(String(sides[0])), to: NamePattern(String(sides[1])))
    }

    private init(checked from: NamePattern, _ to: NamePattern) {
      self.from = from
      self.to = to
    }

    /// The renaming that goes back.
    public var inverse: Renaming { Renaming(checked: to, from) }

    /// What a name becomes; nil if the renaming does not fit it.
    public func apply(to name: String) -> String? { from.captures(in: name).map(to.filled(with:)) }
  }

  /// The renamings, in order.
  public let renamings: [Renaming]

  /// Creates a map.
  public init(_ renamings: [Renaming] = []) {
    self.renamings = renamings
  }

  /// Reads a map from its lines, each `OLD=NEW`.
  ///
  /// - Throws: `malformedRenaming`.
  public init(_ lines: some Sequence<String>) throws(ParameterError) {
    var renamings: [Renaming] = []
    for line in lines { renamings.append(try Renaming(line)) }
    self.init(renamings)
  }

  /// The map that goes back.
  public var inverse: KeyMap { KeyMap(renamings.map(\.inverse)) }

  /// What a name becomes.
  public func apply(to name: String) -> String { decision(on: name)?.name ?? name }

  /// The first renaming that fits a name, and what the name becomes by it.
  private func decision(on name: String) -> (place: Int, name: String)? {
    for (place, renaming) in renamings.enumerated() {
      if let renamed = renaming.apply(to: name) { return (place, renamed) }
    }
    return nil
  }

  /// The renamings that decide what becomes of names, each once.
  func renamings(deciding names: [String]) -> [Renaming] {
    Set(names.compactMap { decision(on: $0)?.place }).sorted().map { renamings[$0] }
  }

  /// The renamings that change none of the names: they fit none, or only such as an earlier one fits.
  public func withoutEffect(on names: [String]) -> [Renaming] {
    guard !renamings.isEmpty else { return [] }
    let used = Set(names.compactMap { decision(on: $0)?.place })
    return renamings.indices.filter { !used.contains($0) }.map { renamings[$0] }
  }

  /// The names that the inverse does not bring back: another line of it fits what they became.
  public func irreversible(among names: some Sequence<String>) -> [String] {
    let inverse = inverse
    return names.filter { inverse.apply(to: apply(to: $0)) != $0 }
  }
}

extension KeyMap: CustomStringConvertible {
  /// The lines, as they are written.
  public var description: String { renamings.map(\.description).joined(separator: "\n") }
}

extension KeyMap.Renaming: CustomStringConvertible {
  /// The renaming as it is written.
  public var description: String { "\(from)=\(to)" }
}

extension StateDict {
  /// Returns the same tensors under the names that a map gives them.
  ///
  /// - Throws: `nameCollision` if two names become one, with the renaming that made them one.
  public func renamed(by map: KeyMap) throws(CheckpointError) -> StateDict {
    try map.refuseCollisions(among: names)
    return try mapNames(map.apply(to:))
  }
}

extension KeyMap {
  /// Refuses names of which two become one.
  fileprivate func refuseCollisions(among names: [String]) throws(CheckpointError) {
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
