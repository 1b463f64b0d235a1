/// Limits on what a file may request.
///
/// Valid files stay far below the defaults.
public struct CheckpointLimits: Sendable {
  /// The largest pickle in bytes: a hundred times that of the largest state dicts in use.
  public var pickleByteCount = 1 << 30
  /// The largest deflated pickle in bytes; a sender needs only a thousandth of that.
  public var inflatedPickleByteCount = 64 << 20
  /// The largest ratio by which a deflated pickle may grow, above one megabyte.
  ///
  /// Pickles deflate five- to twentyfold.
  public var pickleInflation = 200
  /// The largest number of values in a pickle; a tensor takes about ten.
  ///
  /// What else a pickle may cost is limited in proportion: its values may take 24 bytes of memory each on average, and
  /// it may have eight instructions for each.
  public var pickleValueCount = 4 << 20
  /// The largest number of tensors in a checkpoint.
  public var tensorCount = 1 << 18
  /// The largest total size of the names and sizes of all tensors in bytes.
  ///
  /// A pickle can give one long key to any number of tensors, so a small file can ask for very long names.
  public var nameByteCount = 64 << 20
  /// The deepest nesting of values that are walked.
  public var nestingDepth = 1000
  /// The largest deflated storage in bytes, which must be in memory as a whole to be read through strides.
  public var inflatedStorageByteCount = 4 << 30
  /// The largest total size to which the compressed members of an archive, or a compressed file, may inflate.
  public var unpackedByteCount = 32 << 30
  /// The largest ratio of that size to the size of the file, above 64 MiB.
  ///
  /// Weights hardly compress; zeros compress a thousandfold.
  public var unpackedInflation = 100
  /// The size up to which a member is unpacked into memory; larger ones go to a temporary file.
  public var unpackedMemoryByteCount = 16 << 20
  /// The largest total size of expanded views, beyond what is stored, when a whole checkpoint is hashed.
  public var expandedByteCount = 2 << 30

  /// What was taken so far of these limits by the file that is being opened; nil before it is.
  var spending: Spending?

  /// How many files may lie in one another: nobody needs more than one level, and each costs its bytes only once.
  static let embeddingDepth = 4

  /// Creates the default limits.
  public init() {}

  /// Returns the limits multiplied by a factor, for a file that is large on purpose.
  public func scaled(by factor: Int) -> CheckpointLimits {
    func scale(_ value: Int) -> Int {
      value.times(max(factor, 1)) ?? .max
    }
    var limits = self
    limits.pickleByteCount = scale(pickleByteCount)
    limits.inflatedPickleByteCount = scale(inflatedPickleByteCount)
    limits.pickleInflation = scale(pickleInflation)
    limits.pickleValueCount = min(scale(pickleValueCount), Int(Int32.max) - 1)
    limits.tensorCount = scale(tensorCount)
    limits.nameByteCount = scale(nameByteCount)
    limits.nestingDepth = scale(nestingDepth)
    limits.inflatedStorageByteCount = scale(inflatedStorageByteCount)
    limits.expandedByteCount = scale(expandedByteCount)
    limits.unpackedByteCount = scale(unpackedByteCount)
    limits.unpackedInflation = scale(unpackedInflation)
    return limits
  }
}
