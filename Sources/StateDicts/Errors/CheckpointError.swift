/// The reason why a checkpoint cannot be read or written, with the place and a remedy.
///
///     do { try loadStateDict(url: url) } catch let error as CheckpointError where error.code == .checksumMismatch { … }
///
/// Two errors are equal if their codes are equal; messages may change in any version.
public struct CheckpointError: Error, Sendable {
  /// The kind of failure.
  public struct Code: RawRepresentable, Hashable, Sendable {
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
  ///
  /// Names in it come from the file, so a message of more than 2000 bytes is shortened in the middle.
  public var message: String {
    didSet { message = message.shortened(to: Self.messageLength) }
  }
  /// The names that the message counts, one per line.
  public var details: [String]
  /// The file, as given by the caller.
  public var file: String?
  /// The archive entry or tensor inside the file, shortened like the message.
  public var entry: String? {
    didSet { entry = entry?.shortened(to: Self.messageLength) }
  }
  /// The byte offset of the failure in `entry`, or in the file if there is no entry.
  public var offset: Int?
  /// What to do about it.
  public var remedy: String?

  /// Creates an error.
  @inline(never)
  public init(
    _ code: Code, _ message: String, details: [String] = [], file: String? = nil, entry: String? = nil,
    offset: Int? = nil, remedy: String? = nil
  ) {
    self.code = code
    self.message = message.shortened(to: Self.messageLength)
    self.details = details.map { $0.shortened(to: Self.messageLength) }
    self.file = file
    self.entry = entry?.shortened(to: Self.messageLength)
    self.offset = offset
    self.remedy = remedy?.shortened(to: Self.messageLength)
  }

  private static let messageLength = 2000

  /// Returns the error with file and entry filled in where it has none.
  package func located(file: String? = nil, entry: String? = nil) -> CheckpointError {
    var error = self
    error.file = self.file ?? file
    error.entry = self.entry ?? entry
    return error
  }
}

extension CheckpointError: Equatable {
  /// Whether both errors have the same code.
  public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension CheckpointError: CustomStringConvertible {
  /// The message, the place and the remedy, one per line.
  public var description: String { lines.joined(separator: "\n") }

  /// The lines of the description; a name in one may have line feeds of its own.
  package var lines: [String] {
    var lines = [message] + details.map { "  " + $0 }
    var place: [String] = []
    if let file { place.append(file) }
    if let entry { place.append(entry) }
    if let offset { place.append("byte \(offset)") }
    if !place.isEmpty { lines.append("  at: " + place.joined(separator: ", ")) }
    if let remedy { lines.append("  try: " + remedy) }
    return lines
  }
}
