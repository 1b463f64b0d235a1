/// A name of a tensor in older checkpoints.
public struct FormerName: Hashable, Sendable {
  /// The full older name.
  public let name: String
  /// The layout version that renamed the tensor; nil if the older name is valid in every version.
  public let before: LayoutVersion?

  /// Creates a former name.
  public init(_ name: String, before: LayoutVersion? = nil) {
    self.name = name
    self.before = before
  }
}
