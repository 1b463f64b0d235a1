import Foundation
import StateDicts

/// How slowly a server may send: a body of single bytes, each just before the time limit for silence, would never end.
struct Pace: Sendable {
  /// So many bytes must arrive in a second on average, apart from the time that waiting may take.
  static let leastBytesPerSecond = 4096

  private let start = SuspendingClock.now
  private let waitingSeconds: Double

  /// Begins now.
  ///
  /// - Parameter attempts: How often the server may be asked without sending anything.
  init(_ options: DownloadOptions, attempts: Int = 1) {
    waitingSeconds =
      (options.connectSeconds + options.firstByteSeconds + options.idleSeconds) * Double(attempts)
      + Double(RetryDelay.longest.components.seconds) * Double(attempts - 1)
  }

  /// Refuses a server that is too slow.
  func check(_ received: Int, _ source: URL) throws(CheckpointError) {
    try check(received, after: SuspendingClock.now - start, source)
  }

  func check(_ received: Int, after elapsed: Duration, _ source: URL) throws(CheckpointError) {
    guard elapsed > .seconds(waitingSeconds + Double(received) / Double(Self.leastBytesPerSecond)) else { return }
    throw CheckpointError(
      .connectionFailed,
      "The server sent only \(received) bytes in \(elapsed.components.seconds) s, fewer than "
        + "\(Self.leastBytesPerSecond) in a second.", file: source.shown)
  }
}
