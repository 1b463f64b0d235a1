public import StateDicts

/// How a checkpoint is opened.
public struct CheckpointOptions: Sendable {
  /// How a file's bytes are reached.
  public enum Mapping: Sendable {
    /// The file is mapped; a tensor's bytes are read from it when they are touched. A file that another program cuts
    /// short meanwhile ends this one (SIGBUS): `copy` does not have that risk.
    case mapped
    /// The file is read into memory at once.
    case copy
  }

  /// How a file's bytes are reached.
  public var mapping: Mapping
  /// What a file may ask for.
  public var limits: CheckpointLimits
  /// Whether a storage's CRC-32 is checked when its bytes are first used in whole.
  ///
  /// Writing a file and verifying one always check.
  public var checksCRC: Bool
  /// Whether to go on where the pickle names a global that exists to run code.
  ///
  /// It is not run either way.
  public var allowsDangerousGlobals: Bool

  /// Which of several objects is meant, where torch.save was called more than once on one file: 0 is the first.
  public var objectNumber: Int

  /// What the elements of npy and npz files are that numpy writes as plain bytes (`|V2`, `|V1`), as it does for
  /// bfloat16 and the 8-bit floats of ml_dtypes; nil to leave such arrays out.
  public var numpyVoidType: ElementType?

  /// Which file is meant, where an archive holds several checkpoints: its name there, such as `policy.pth`.
  ///
  /// A file in an archive in the archive is named by both: `weights.zip/policy.pth`. Nil chooses the only one.
  public var member: String?

  /// Whether `member` may be left without use, since it is meant for another file.
  package var memberIsOptional = false

  /// How many files this one lies in, each in the pickle of the next or an archive.
  var embeddingDepth = 0
  /// Whether stored entries of a zip archive are read where they lie; tests read everything through libzip instead.
  var locatesEntries = true
  /// What was unpacked so far of the file that is being opened; nil before anything was.
  var unpacking: Unpacking?

  /// Creates options: mapped, the default limits, CRC checked, dangerous globals refused.
  public init(
    mapping: Mapping = .mapped, limits: CheckpointLimits = .init(), checksCRC: Bool = true,
    allowsDangerousGlobals: Bool = false, objectNumber: Int = 0, member: String? = nil
  ) {
    self.objectNumber = objectNumber
    self.member = member
    self.mapping = mapping
    self.limits = limits
    self.checksCRC = checksCRC
    self.allowsDangerousGlobals = allowsDangerousGlobals
  }
}

/// How much a file may ask for before it is refused.
///
/// A sound file stays far below.
public struct CheckpointLimits: Sendable {
  /// A pickle's bytes: a hundred times those of the largest state dicts in use.
  public var pickleByteCount = 1 << 30
  /// The same for a deflated pickle, which costs its sender a thousandth of that.
  public var inflatedPickleByteCount = 64 << 20
  /// How many times larger a deflated pickle may become, once it is over a megabyte.
  ///
  /// Pickles deflate five- to twentyfold.
  public var pickleInflation = 200
  /// Values that a pickle makes, 16 bytes each: a tensor takes about ten.
  public var pickleValueCount = 8 << 20
  /// How deep values may be nested where they are walked through.
  public var nestingDepth = 1000
  /// The bytes of one deflated storage, which must be in memory in whole to be read through strides.
  public var inflatedStorageByteCount = 4 << 30
  /// What all compressed members of an archive, or a compressed file, may inflate to together.
  public var unpackedByteCount = 32 << 30
  /// How many times larger than the file that may be, once it is over 64 MiB.
  ///
  /// Weights hardly deflate at all; zeros do, a thousandfold.
  public var unpackedInflation = 100
  /// Up to which size one of them is unpacked into memory; larger ones go to a temporary file.
  public var unpackedMemoryByteCount = 16 << 20
  /// What all views that repeat their storage's bytes may take together where a whole checkpoint is hashed, beyond what
  /// is stored.
  public var expandedByteCount = 4 << 30

  /// The default limits.
  public init() {}

  /// The limits, each multiplied: for a file that is large on purpose.
  public func scaled(by factor: Int) -> CheckpointLimits {
    func scale(_ value: Int) -> Int {
      let (product, overflow) = value.multipliedReportingOverflow(by: max(factor, 1))
      return overflow ? .max : product
    }
    var limits = self
    limits.pickleByteCount = scale(pickleByteCount)
    limits.inflatedPickleByteCount = scale(inflatedPickleByteCount)
    limits.pickleInflation = scale(pickleInflation)
    limits.pickleValueCount = min(scale(pickleValueCount), Int(Int32.max) - 1)
    limits.nestingDepth = scale(nestingDepth)
    limits.inflatedStorageByteCount = scale(inflatedStorageByteCount)
    limits.expandedByteCount = scale(expandedByteCount)
    limits.unpackedByteCount = scale(unpackedByteCount)
    limits.unpackedInflation = scale(unpackedInflation)
    return limits
  }

  static let remedy = "raise the limits if you trust the file (limits:, --limit-factor 10)"
}
