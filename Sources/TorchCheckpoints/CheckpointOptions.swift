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

  /// How many files this one lies in, each in the pickle of the next.
  var embeddingDepth = 0
  /// Whether stored entries of a zip archive are read where they lie; tests read everything through libzip instead.
  var locatesEntries = true

  /// Creates options: mapped, the default limits, CRC checked, dangerous globals refused.
  public init(
    mapping: Mapping = .mapped, limits: CheckpointLimits = .init(), checksCRC: Bool = true,
    allowsDangerousGlobals: Bool = false, objectNumber: Int = 0
  ) {
    self.objectNumber = objectNumber
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
    return limits
  }

  static let remedy = "raise the limits if you trust the file (limits:, --limit-factor 10)"
}
