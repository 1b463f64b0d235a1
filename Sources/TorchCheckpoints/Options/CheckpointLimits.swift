/// How much a file may ask for before it is refused.
///
/// A sound file stays far below.
public struct CheckpointLimits: Sendable {
  /// A pickle's bytes: a hundred times those of the largest state dicts in use.
  public var pickleByteCount = 1 << 30
  /// The largest deflated pickle in bytes; a sender needs only a thousandth of that.
  public var inflatedPickleByteCount = 64 << 20
  /// The largest ratio by which a deflated pickle may grow, above one megabyte.
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

  /// How many files may lie in one another: nobody needs more than one level, and each costs its bytes only once.
  static let embeddingDepth = 4

  /// The default limits.
  public init() {}

  /// The limits, each multiplied: for a file that is large on purpose.
  public func scaled(by factor: Int) -> CheckpointLimits {
    func scale(_ value: Int) -> Int {
      value.times(max(factor, 1)) ?? .max
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
}
