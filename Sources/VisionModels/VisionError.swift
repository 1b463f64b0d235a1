import StateDicts

/// Why an image could not be read or a model could not be run: what went wrong, where, and what to do next.
///
/// Two errors are equal when their codes are; messages may be reworded in any version.
public struct VisionError: Error, Sendable {
  /// The kind of failure.
  public enum Code: String, Sendable, Codable {
    /// There is no such file.
    case notFound
    /// The file is there but cannot be opened for reading.
    case notReadable
    /// The bytes are no JPEG and no PNG, or a damaged one.
    case malformedImage
    /// The image has no pixels left after resizing, or more than the limits allow.
    case imageSize
    /// A configuration value makes no sense, or does not fit the weights.
    case configuration
    /// A weight or an activation is NaN or infinite.
    case notFinite
    /// The arithmetic library refused a step.
    case arithmetic
    /// A picture could not be written.
    case cannotCreate
  }

  /// The kind of failure.
  public var code: Code
  /// What went wrong, in one sentence.
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
  func located(file: String) -> VisionError {
    var error = self
    error.file = self.file ?? file
    return error
  }
}

extension Error {
  /// Returns the error with the name of a part of the model in front of the layer's name.
  func within(_ part: String) -> any Error {
    guard var error = self as? VisionError else { return self }
    error.layer = [part, error.layer].compactMap(\.self).joined(separator: ".")
    return error
  }
}

/// Runs a part of a model, whose name its errors get.
func within<Value>(_ part: String, _ body: () throws -> Value) throws -> Value {
  do { return try body() } catch { throw error.within(part) }
}

extension VisionError {
  /// What `body` reads of a file; why it could not be read, as an error of this module.
  static func reading<Value>(_ body: () throws(CheckpointError) -> Value) throws(VisionError) -> Value {
    do throws(CheckpointError) {
      return try body()
    } catch {
      throw VisionError(
        error.code == .notFound ? .notFound : .notReadable, error.message, file: error.file, remedy: error.remedy)
    }
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
