/// The origin of a state dict.
public struct Provenance: Sendable, Equatable {
  /// The file's name, without its folder.
  public var name: String
  /// The file's size.
  public var byteCount: Int
  /// The file's format.
  public var format: CheckpointFormat
  /// The format's own metadata, such as torch's record version and serialization id.
  public var marks: JSONObject
  /// The key of the state dict in the file; nil at the top level.
  public var key: String?
  /// The file's SHA-256 in hexadecimal, if it was computed.
  public var sha256: String?

  /// Creates a provenance.
  public init(
    name: String, byteCount: Int, format: CheckpointFormat, marks: JSONObject = [:], sha256: String? = nil
  ) {
    self.name = name
    self.byteCount = byteCount
    self.format = format
    self.marks = marks
    self.sha256 = sha256
  }
}
