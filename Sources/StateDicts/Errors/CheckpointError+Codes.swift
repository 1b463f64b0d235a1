extension CheckpointError.Code {
  /// The file does not exist.
  public static let notFound = Self(rawValue: "notFound")
  /// The file exists but cannot be opened for reading.
  public static let notReadable = Self(rawValue: "notReadable")
  /// The path is a folder, not a file.
  public static let isDirectory = Self(rawValue: "isDirectory")
  /// Reading or writing failed in the operating system.
  public static let inputOutput = Self(rawValue: "inputOutput")
  /// The file is something else, such as a web page, a Git LFS pointer or an image.
  public static let notACheckpoint = Self(rawValue: "notACheckpoint")
  /// The file ends before its contents do.
  public static let truncated = Self(rawValue: "truncated")
  /// The archive is inconsistent, or an entry is encrypted or compressed by an unknown method.
  public static let malformedArchive = Self(rawValue: "malformedArchive")
  /// The pickle is invalid; Python could not read it either.
  public static let malformedPickle = Self(rawValue: "malformedPickle")
  /// A header (safetensors, npy, sys_info …) is invalid.
  public static let malformedHeader = Self(rawValue: "malformedHeader")
  /// A tensor has an impossible geometry, or exceeds its storage.
  public static let malformedTensor = Self(rawValue: "malformedTensor")
  /// The record of a storage is missing or too short.
  public static let missingRecord = Self(rawValue: "missingRecord")
  /// The CRC-32 of some bytes does not match the one stored in the file.
  public static let checksumMismatch = Self(rawValue: "checksumMismatch")
  /// The pickle names a global that can run code.
  public static let dangerousGlobal = Self(rawValue: "dangerousGlobal")
  /// The file exceeds a limit.
  public static let limitExceeded = Self(rawValue: "limitExceeded")
  /// The system has no memory left.
  public static let outOfMemory = Self(rawValue: "outOfMemory")
  /// The file is valid, but the requested operation is not supported for it.
  public static let unsupported = Self(rawValue: "unsupported")
  /// The file has several state dicts; select one by its key.
  public static let ambiguousStateDict = Self(rawValue: "ambiguousStateDict")
  /// The file has no tensors, or nothing under the given key.
  public static let noStateDict = Self(rawValue: "noStateDict")
  /// Two tensors have the same name.
  public static let nameCollision = Self(rawValue: "nameCollision")
  /// A value cannot be represented in the requested type.
  public static let inexactConversion = Self(rawValue: "inexactConversion")
  /// The output file exists.
  public static let outputExists = Self(rawValue: "outputExists")
  /// The output file cannot be created.
  public static let cannotCreate = Self(rawValue: "cannotCreate")
  /// A renaming is malformed, or its sides have different numbers of `*`.
  public static let malformedRenaming = Self(rawValue: "malformedRenaming")
  /// A map is malformed, or a step of it does not fit the tensors.
  public static let malformedMap = Self(rawValue: "malformedMap")
}
