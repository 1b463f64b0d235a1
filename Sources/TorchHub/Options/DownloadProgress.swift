/// How far a download has come, in bytes.
public struct DownloadProgress: Sendable, Equatable {
  /// How many bytes of the file are on disk.
  ///
  /// Falls when a file has changed on the server and is begun anew.
  public let completedBytes: Int64
  /// How many the file has; nil if the server does not say.
  public let totalBytes: Int64?
  /// How many of them an earlier connection had brought, in this call or one before.
  public let resumedBytes: Int64

  /// Creates a report; a download makes its own, so this is for previews and tests.
  public init(completedBytes: Int64, totalBytes: Int64?, resumedBytes: Int64 = 0) {
    self.completedBytes = completedBytes
    self.totalBytes = totalBytes
    self.resumedBytes = resumedBytes
  }

  /// The part that is there, from 0 to 1; nil if the server does not say how much there is.
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
