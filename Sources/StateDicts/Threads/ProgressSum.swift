/// Adds up what several threads have done, and tells of it.
package struct ProgressSum: Sendable {
  private let total: Int
  private let done = Locked(0)
  private let tell: @Sendable (ByteProgress) -> Void

  package init(total: Int, _ tell: @escaping @Sendable (ByteProgress) -> Void) {
    self.total = total
    self.tell = tell
  }

  /// Adds bytes that are done.
  package func add(_ byteCount: Int, _ name: String) {
    let done = done.withLock { done in
      done += byteCount
      return done
    }
    tell(ByteProgress(completedByteCount: done, totalByteCount: total, name: name))
  }
}
