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
          "A renaming needs as many * on one side as on the other, and \(from)=\(to) has not.")
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
          .malformedRenaming, "A renaming is written OLD=NEW, and this is none: \(text)", remedy: "head.*=roi_heads.*")
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
  public func apply(to name: String) -> String {
    for renaming in renamings {
      if let renamed = renaming.apply(to: name) { return renamed }
    }
    return name
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
  /// - Throws: `nameCollision` if two names become one.
  public func renamed(by map: KeyMap) throws(CheckpointError) -> StateDict { try mapNames(map.apply(to:)) }
}
