/// A global in a pickle, with a verdict on what it could do if Python loaded the file.
public struct GlobalUse: Sendable, Hashable, Encodable {
  /// What a global could do if Python loaded the file.
  public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// Makes tensors or plain values, and is interpreted.
    case known
    /// A class from a closed list that only holds data; kept as a record.
    case inert
    /// On no list: a class of your own, or a function whose effect depends on its arguments; kept as a record.
    case unknown
    /// Runs code, opens files or connections, or loads code.
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
