/// A global that a pickle names, and what it could do to a Python that loads the file.
public struct GlobalUse: Sendable, Hashable, Encodable {
  /// What a global could do to a Python that loads the file.
  public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// Makes tensors or plain values, and is read as such here.
    case known
    /// A class that only holds data, from a closed list; kept as a record.
    case inert
    /// Not on any list: a user's own class, or a function whose effect depends on its arguments; kept as a record.
    case unknown
    /// Runs code, opens files or the network, or loads code.
    case dangerous
  }

  /// Module and name, joined by a dot.
  public let name: String
  /// What the global could do.
  public let verdict: Verdict

  /// Returns each use once, at its first place.
  static func each(_ uses: [GlobalUse]) -> [GlobalUse] {
    var seen = Set<GlobalUse>()
    return uses.filter { seen.insert($0).inserted }
  }
}
