/// The times of the stages of a classification, in milliseconds.
public struct ClassificationTimings: Codable, Sendable, Equatable {
  /// Decoding the image; 0 if nothing was decoded.
  public var decode: Double = 0
  /// Resizing, cropping and normalizing.
  public var transform: Double = 0
  /// From the input of the model to the classes.
  public var network: Double = 0
  /// From the decoded image to the classes.
  public var total: Double = 0

  /// Creates timings of 0.
  public init() {}
}
