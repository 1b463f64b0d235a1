/// Why a checkpoint could not be read or written: what went wrong, where, and what to do next.
///
///     do { try loadStateDict(url: url) } catch let error as CheckpointError where error.code == .checksumMismatch { … }
///
/// Two errors are equal when their codes are; messages may be reworded in any version.
public struct CheckpointError: Error, Sendable {
  /// What kind of failure this is.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The code's name, as `--json` prints it.
    public let rawValue: String

    /// Creates a code from its name.
    public init(rawValue: String) {
      self.rawValue = rawValue
    }
  }

  /// What kind of failure this is.
  public var code: Code
  /// What went wrong, in one sentence.
  public var message: String
  /// What the sentence counts, where that is worth listing: a name a line.
  public var details: [String]
  /// The file, as it was named to us.
  public var file: String?
  /// The archive entry or tensor inside the file.
  public var entry: String?
  /// The offset of the byte at fault, counted from the start of `entry`, or of the file where there is none.
  public var offset: Int?
  /// What to do next.
  public var remedy: String?

  /// Creates an error.
  @inline(never)
  public init(
    _ code: Code, _ message: String, details: [String] = [], file: String? = nil, entry: String? = nil,
    offset: Int? = nil, remedy: String? = nil
  ) {
    self.code = code
    self.message = message
    self.details = details
    self.file = file
    self.entry = entry
    self.offset = offset
    self.remedy = remedy
  }

  /// Returns the error with file and entry filled in where it has none.
  package func located(file: String? = nil, entry: String? = nil) -> CheckpointError {
    var error = self
    error.file = self.file ?? file
    error.entry = self.entry ?? entry
    return error
  }
}

extension CheckpointError: Equatable {
  /// Whether both errors are of one kind.
  public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension CheckpointError: CustomStringConvertible {
  /// The sentence, then where, then what to do, each on a line of its own.
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
