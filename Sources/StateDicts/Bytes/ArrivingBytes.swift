/// The bytes of a file elsewhere, which arrive when they are needed: a sparse file on this disk, which somebody fills.
///
/// Ranges are asked for in steps that grow as long as one follows the other, so that reading from first to last takes few requests and
/// looking here and there takes little more than what is looked at.
package final class ArrivingBytes: Sendable {
  /// Fills a range of the sparse file.
  package typealias Fetch = @Sendable (Range<Int>) throws(CheckpointError) -> Void

  private struct State {
    /// What has arrived: sorted ranges that do not touch.
    var arrived: [Range<Int>] = []
    var ahead = ArrivingBytes.leastByteCount
    var lastEnd = 0
    var failure: CheckpointError?
  }

  private let byteCount: Int
  private let fetch: Fetch
  private let state = Locked(State())

  /// How much is asked for at once, at least and at most.
  private static let leastByteCount = 1 << 16
  private static let mostByteCount = 1 << 22

  package init(byteCount: Int, fetch: @escaping Fetch) {
    self.byteCount = byteCount
    self.fetch = fetch
  }

  /// Why bytes have not arrived that were needed; nil if all have.
  package var failure: CheckpointError? { state.withLock { $0.failure } }

  /// Waits until a range has arrived.
  ///
  /// - Parameter expected: How many bytes from its beginning are going to be needed.
  /// - Throws: What fetching throws, also on every later call.
  package func require(_ range: Range<Int>, expecting expected: Int = 0) throws(CheckpointError) {
    try state.withLock { state throws(CheckpointError) in
      if let failure = state.failure { throw failure }
      while let missing = Self.missing(range.clamped(to: 0..<byteCount), state.arrived) {
        state.ahead =
          missing.lowerBound == state.lastEnd && state.lastEnd > 0
          ? min(state.ahead * 2, Self.mostByteCount) : Self.leastByteCount
        let least = max(missing.count, state.ahead, expected)
        let end = min(missing.lowerBound + min(least, byteCount - missing.lowerBound), byteCount)
        // What has arrived behind it is not asked for again.
        let wanted =
          missing
          .lowerBound..<(state.arrived.first { $0.lowerBound >= missing.upperBound }.map { min($0.lowerBound, end) }
          ?? end)
        do throws(CheckpointError) {
          try fetch(wanted)
        } catch {
          state.failure = error
          throw error
        }
        state.lastEnd = wanted.upperBound
        Self.add(wanted, to: &state.arrived)
      }
    }
  }

  /// The first part of a range that has not arrived.
  private static func missing(_ range: Range<Int>, _ arrived: [Range<Int>]) -> Range<Int>? {
    var start = range.lowerBound
    for there in arrived where there.upperBound > start && there.lowerBound < range.upperBound {
      if there.lowerBound > start { return start..<there.lowerBound }
      start = there.upperBound
    }
    return start < range.upperBound ? start..<range.upperBound : nil
  }

  private static func add(_ range: Range<Int>, to arrived: inout [Range<Int>]) {
    var joined = range
    arrived.removeAll { there in
      guard there.upperBound >= joined.lowerBound, there.lowerBound <= joined.upperBound else { return false }
      joined = min(there.lowerBound, joined.lowerBound)..<max(there.upperBound, joined.upperBound)
      return true
    }
    arrived.insert(joined, at: arrived.firstIndex { $0.lowerBound > joined.lowerBound } ?? arrived.count)
  }

  /// Notes what has arrived by itself.
  package func note(_ range: Range<Int>) {
    state.withLock { Self.add(range, to: &$0.arrived) }
  }
}
