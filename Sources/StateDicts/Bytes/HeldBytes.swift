/// Bytes of a store that stay in memory for as long as this object does: what a reader has gone through.
///
/// Only a file that is not mapped needs it.
package final class HeldBytes: Sendable {
  private let store: ByteStore
  private let ranges: Locked<[Range<Int>]>

  /// Nil if all bytes of the store can be read anyway.
  package init?(_ store: ByteStore) {
    guard store.needsHolding else { return nil }
    self.store = store
    ranges = Locked([])
  }

  deinit { ranges.withLock { for range in $0 { store.release(range) } } }

  /// Reads on from a position, at least to `end`, and a window further.
  ///
  /// - Returns: Up to where the bytes from `position` on are in memory.
  /// - Throws: `inputOutput`.
  package func extend(from position: Int, to end: Int) throws(CheckpointError) -> Int {
    let range = position..<min(max(end, position + ByteStore.windowByteCount), store.count)
    try ranges.withLock { ranges throws(CheckpointError) in
      try store.hold(range)
      ranges.append(range)
    }
    return range.upperBound
  }
}
