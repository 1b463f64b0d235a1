/// The progress of reading or writing a file.
public struct CopyProgress: Sendable {
  /// The number of bytes processed so far.
  public let completedByteCount: Int
  /// The total number of bytes.
  public let totalByteCount: Int
  /// The tensor or record being processed.
  public let name: String

  init(completedByteCount: Int, totalByteCount: Int, name: String) {
    self.completedByteCount = completedByteCount
    self.totalByteCount = totalByteCount
    self.name = name
  }
}

/// Adds up what several threads have done, and tells of it.
package struct ProgressSum: Sendable {
  private let total: Int
  private let done = Locked(0)
  private let tell: @Sendable (CopyProgress) -> Void

  package init(total: Int, _ tell: @escaping @Sendable (CopyProgress) -> Void) {
    self.total = total
    self.tell = tell
  }

  /// Adds bytes that are done.
  package func add(_ byteCount: Int, _ name: String) {
    let done = done.withLock { done in
      done += byteCount
      return done
    }
    tell(CopyProgress(completedByteCount: done, totalByteCount: total, name: name))
  }
}
