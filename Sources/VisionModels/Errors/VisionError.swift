package import StateDicts

/// The reason why an image cannot be read or a model cannot be run, with the place and a remedy.
///
/// Two errors are equal if their codes are equal; messages may change in any version.
public struct VisionError: Error, Sendable {
  /// The kind of failure.
  public struct Code: RawRepresentable, Hashable, Codable, Sendable {
    /// The code's name, as `--json` prints it.
    public let rawValue: String

    /// Creates a code from its name.
    public init(rawValue: String) {
      self.rawValue = rawValue
    }
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

extension VisionError.Code {
  /// The file does not exist.
  public static let notFound = Self(rawValue: "notFound")
  /// The file exists but cannot be opened for reading.
  public static let notReadable = Self(rawValue: "notReadable")
  /// The image is damaged, or neither JPEG nor PNG.
  public static let malformedImage = Self(rawValue: "malformedImage")
  /// The image has no pixels after resizing, or too many.
  public static let imageSize = Self(rawValue: "imageSize")
  /// A configuration value is invalid, or does not match the weights.
  public static let configuration = Self(rawValue: "configuration")
  /// A weight or an activation is NaN or infinite.
  public static let notFinite = Self(rawValue: "notFinite")
  /// The arithmetic library refused an operation.
  public static let arithmetic = Self(rawValue: "arithmetic")
  /// The system has no memory for activations.
  public static let outOfMemory = Self(rawValue: "outOfMemory")
  /// An image cannot be written.
  public static let cannotCreate = Self(rawValue: "cannotCreate")
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
