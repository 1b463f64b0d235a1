/// The progress of a download.
public struct DownloadProgress: Sendable, Equatable {
  /// The number of bytes on disk.
  ///
  /// It decreases if the file changed on the server and the download starts again.
  public let completedBytes: Int64
  /// The size of the file; nil if the server does not report it.
  public let totalBytes: Int64?
  /// The number of bytes from earlier connections, in this call or a previous one.
  public let resumedBytes: Int64

  /// Creates a progress value, for previews and tests.
  public init(completedBytes: Int64, totalBytes: Int64?, resumedBytes: Int64 = 0) {
    self.completedBytes = completedBytes
    self.totalBytes = totalBytes
    self.resumedBytes = resumedBytes
  }

  /// The completed fraction, from 0 to 1; nil if the server does not report the size.
  public var fraction: Double? {
    guard let totalBytes, totalBytes > 0 else { return nil }
    return Double(completedBytes) / Double(totalBytes)
  }
}

/// Thins out reports: data arrives in pieces of some kilobytes, far more often than anyone can look.
struct ProgressMeter {
  private var last: ContinuousClock.Instant?

  mutating func isDue() -> Bool {
    let now = ContinuousClock.now
    if let last, last.duration(to: now) < .milliseconds(50) { return false }
    last = now
    return true
  }
}
