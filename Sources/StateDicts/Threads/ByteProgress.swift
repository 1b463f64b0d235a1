/// The progress of reading, writing or downloading bytes.
public struct ByteProgress: Sendable, Equatable {
  /// The number of bytes processed so far.
  ///
  /// It decreases only if a file changed on the server and its download starts again.
  public let completedByteCount: Int
  /// The total number of bytes; nil if it is not known, for example because a server does not report it.
  public let totalByteCount: Int?
  /// The tensor, record or file being processed.
  public let name: String
  /// The number of bytes of a download from earlier connections, in this call or a previous one.
  public let resumedByteCount: Int

  /// Creates a progress value, for previews and tests.
  public init(completedByteCount: Int, totalByteCount: Int?, name: String, resumedByteCount: Int = 0) {
    self.completedByteCount = completedByteCount
    self.totalByteCount = totalByteCount
    self.name = name
    self.resumedByteCount = resumedByteCount
  }

  /// The completed fraction, from 0 to 1; nil if the total is not known.
  public var fraction: Double? {
    guard let totalByteCount, totalByteCount > 0 else { return nil }
    return Double(completedByteCount) / Double(totalByteCount)
  }
}
