package import StateDicts
import Terminal

/// A line on the terminal that says how far the work is, from half a second on; nothing where standard error is no
/// terminal.
package final class ProgressLine: Sendable {
  private struct State {
    var start: ContinuousClock.Instant?
    var shown: ContinuousClock.Instant?
  }

  private let isShown = Output.diagnostics.isTerminal
  private let state = Locked(State())

  package init() {}

  package func show(_ progress: ByteProgress) {
    guard isShown else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      let start = state.start ?? now
      state.start = start
      guard now - start > .milliseconds(500), state.shown.map({ now - $0 > .milliseconds(100) }) ?? true else { return }
      state.shown = now
      Output.diagnostics.redraw(
        Self.text(progress, after: now - start, columns: Output.diagnostics.screen.columns ?? 80))
    }
  }

  package func clear() {
    state.withLock { state in
      if state.shown != nil { Output.diagnostics.redraw("") }
      state = State()
    }
  }

  /// `43%  1.2 GB of 2.8 GB  812.3 MB/s  2 s left  model.safetensors`: as much of it as fits the columns.
  package static func text(_ progress: ByteProgress, after elapsed: Duration, columns: Int) -> String {
    let done = progress.completedByteCount
    let seconds = elapsed / .seconds(1)
    let rate = seconds > 0 ? Double(done - progress.resumedByteCount) / seconds : 0
    var parts = [Readable.bytes(done)]
    if let total = progress.totalByteCount, let fraction = progress.fraction {
      parts = ["\(Int(min(fraction, 1) * 100))%", "\(Readable.bytes(done)) of \(Readable.bytes(total))"]
    }
    if rate >= 1 {
      parts.append("\(Readable.bytes(Int(min(rate, 1e18))))/s")
      if let total = progress.totalByteCount, total > done {
        parts.append("\(Readable.seconds(Double(total - done) / rate)) left")
      }
    }
    var text = ""
    for part in parts {
      let longer = text + (text.isEmpty ? "" : "  ") + part
      // The last column stays free: a terminal may go to the next line after it.
      guard longer.count < columns else { return text }
      text = longer
    }
    let room = columns - 1 - text.count - 2
    return room >= 8 ? text + "  " + progress.name.suffix(min(room, 50)) : text
  }
}
