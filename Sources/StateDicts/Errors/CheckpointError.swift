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

  /// The error for memory that the system does not give.
  static func outOfMemory(_ byteCount: Int) -> CheckpointError {
    CheckpointError(
      .outOfMemory, "The system gives no memory for \(byteCount) bytes.",
      remedy: "raise the limit on memory (ulimit -v), or end other programs")
  }

  /// The same error with its place filled in where it had none.
  package func located(file: String? = nil, entry: String? = nil) -> CheckpointError {
    var error = self
    error.file = self.file ?? file
    error.entry = self.entry ?? entry
    return error
  }
}

extension CheckpointError.Code {
  /// There is no such file.
  public static let notFound = Self(rawValue: "notFound")
  /// The file is there but cannot be opened for reading.
  public static let notReadable = Self(rawValue: "notReadable")
  /// A folder was given where a file is needed.
  public static let isDirectory = Self(rawValue: "isDirectory")
  /// The operating system failed to read or write.
  public static let inputOutput = Self(rawValue: "inputOutput")
  /// The file is something else: a web page, a git-LFS pointer, a picture.
  public static let notACheckpoint = Self(rawValue: "notACheckpoint")
  /// The file ends before its contents do.
  public static let truncated = Self(rawValue: "truncated")
  /// The archive's structure contradicts itself.
  public static let malformedArchive = Self(rawValue: "malformedArchive")
  /// The pickle is not one that Python could read.
  public static let malformedPickle = Self(rawValue: "malformedPickle")
  /// A header (safetensors, npy, sys_info …) is not as its format has it.
  public static let malformedHeader = Self(rawValue: "malformedHeader")
  /// A tensor's geometry is impossible, or leaves its storage.
  public static let malformedTensor = Self(rawValue: "malformedTensor")
  /// A storage has no record, or a shorter one than it declares.
  public static let missingRecord = Self(rawValue: "missingRecord")
  /// Bytes do not have the CRC-32 that the file gives for them.
  public static let checksumMismatch = Self(rawValue: "checksumMismatch")
  /// The pickle names a global that exists to run code.
  public static let dangerousGlobal = Self(rawValue: "dangerousGlobal")
  /// The file asks for more than the limits allow.
  public static let limitExceeded = Self(rawValue: "limitExceeded")
  /// The system gave no memory.
  public static let outOfMemory = Self(rawValue: "outOfMemory")
  /// The file is sound, but this cannot be expressed.
  public static let unsupported = Self(rawValue: "unsupported")
  /// Two or more state dicts are there; one must be chosen.
  public static let ambiguousStateDict = Self(rawValue: "ambiguousStateDict")
  /// There is no tensor at all, or nothing under the given key.
  public static let noStateDict = Self(rawValue: "noStateDict")
  /// Two paths come out as one name.
  public static let nameCollision = Self(rawValue: "nameCollision")
  /// A tensor's values cannot be given as the type that was asked for.
  public static let inexactConversion = Self(rawValue: "inexactConversion")
  /// The output file exists.
  public static let outputExists = Self(rawValue: "outputExists")
  /// The output file cannot be created.
  public static let cannotCreate = Self(rawValue: "cannotCreate")
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
