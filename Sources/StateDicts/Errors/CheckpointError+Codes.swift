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
  /// The archive's structure contradicts itself, or an entry of it is encrypted or compressed by an unknown method.
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
