package import StateDicts

/// The reason why an image cannot be read or a model cannot be run, with the place and a remedy.
///
/// Two errors are equal if their codes are equal; messages may change in any version.
public struct VisionError: Error, Sendable {
  /// The kind of failure.
  public enum Code: String, Sendable, Codable {
    /// The file does not exist.
    case notFound
    /// The file exists but cannot be opened for reading.
    case notReadable
    /// The image is damaged, or neither JPEG nor PNG.
    case malformedImage
    /// The image has no pixels after resizing, or too many.
    case imageSize
    /// A configuration value is invalid, or does not match the weights.
    case configuration
    /// A weight or an activation is NaN or infinite.
    case notFinite
    /// The arithmetic library refused an operation.
    case arithmetic
    /// An image cannot be written.
    case cannotCreate
  }

  /// The kind of failure.
  public var code: Code
  /// What is wrong, in one sentence.
  public var message: String
  /// The file, as given by the caller.
  public var file: String?
  /// The layer or stage of the model.
  public var layer: String?
  /// What to do about it.
  public var remedy: String?

  /// Creates an error.
  @inline(never)
  public init(_ code: Code, _ message: String, file: String? = nil, layer: String? = nil, remedy: String? = nil) {
    self.code = code
    self.message = message
    self.file = file
    self.layer = layer
    self.remedy = remedy
  }

  /// Returns the error with the file filled in if it has none.
  package func located(file: String) -> VisionError {
    var error = self
    error.file = self.file ?? file
    return error
  }
}

extension VisionError {
  /// Why a file could not be read, as an error of this module.
  package init(reading error: CheckpointError) {
    self.init(
      error.code == .notFound ? .notFound : .notReadable, error.message, file: error.file, remedy: error.remedy)
  }
}

extension VisionError: Equatable {
  /// Whether both errors have the same code.
  public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension VisionError: CustomStringConvertible {
  /// The message, the place and the remedy, one per line.
  public var description: String {
    var lines = [message]
    let place = [file, layer].compactMap(\.self)
    if !place.isEmpty { lines.append("  at: " + place.joined(separator: ", ")) }
    if let remedy { lines.append("  try: " + remedy) }
    return lines.joined(separator: "\n")
  }
}
