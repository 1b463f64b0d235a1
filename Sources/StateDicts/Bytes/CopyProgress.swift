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
