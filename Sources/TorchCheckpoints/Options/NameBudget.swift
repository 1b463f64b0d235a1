import StateDicts

/// What the names of a checkpoint's tensors may still take.
struct NameBudget {
  private let limits: CheckpointLimits
  private var count = 0
  private var byteCount = 0

  init(_ limits: CheckpointLimits) { self.limits = limits }

  /// Counts a name, before it is made, and the sizes of its tensor.
  ///
  /// - Parameter rank: The number of dimensions of the tensor.
  /// - Throws: `limitExceeded`.
  mutating func add(_ nameByteCount: Int, rank: Int = 0) throws(CheckpointError) {
    count += 1
    guard count <= limits.tensorCount else { throw CheckpointError.tooManyTensors(limits) }
    try addBytes(nameByteCount + 16 * rank)
  }

  /// Counts bytes of a path, or of a name beyond its first estimate.
  ///
  /// - Throws: `limitExceeded`.
  mutating func addBytes(_ count: Int) throws(CheckpointError) {
    byteCount += count
    guard byteCount <= limits.nameByteCount else { throw CheckpointError.namesTooLong(limits) }
  }

  /// Adds what was counted to what the whole file takes.
  ///
  /// - Throws: `limitExceeded`.
  func close() throws(CheckpointError) {
    try limits.spending?.add(tensors: count, nameByteCount: byteCount, limits)
  }
}
