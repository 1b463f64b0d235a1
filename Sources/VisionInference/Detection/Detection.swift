/// A detected object.
public struct Detection: Hashable, Sendable {
  /// The index of the class; 0 is the background.
  public let label: Int
  /// The probability of the class, 0 to 1.
  public let score: Float
  /// The box in pixels of the original image.
  public let box: Box

  /// Creates a detection.
  public init(label: Int, score: Float, box: Box) {
    self.label = label
    self.score = score
    self.box = box
  }
}
