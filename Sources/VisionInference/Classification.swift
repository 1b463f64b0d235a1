/// A class with its probability.
public struct Classification: Hashable, Sendable {
  /// The index of the class.
  public let label: Int
  /// The probability, 0 to 1.
  public let score: Float
}
