package import StateDicts
import Terminal

/// A line on the terminal that says how far the work is; nothing where standard error is no terminal.
package final class ProgressLine: Sendable {
  private let isShown = Output.diagnostics.isTerminal
  private let state = Locked((shown: ContinuousClock.now - .seconds(1), isDrawn: false))

  package init() {}

  package func show(_ progress: ByteProgress) {
    guard isShown else { return }
    state.withLock { state in
      guard ContinuousClock.now - state.shown > .milliseconds(100) else { return }
      state = (ContinuousClock.now, true)
      var text = Readable.bytes(progress.completedByteCount)
      if let total = progress.totalByteCount {
        text = "\(Int((progress.fraction ?? 1) * 100))%  \(text) of \(Readable.bytes(total))"
      }
      Output.diagnostics.redraw("\(text)  \(progress.name.suffix(50))")
    }
  }

  package func clear() {
    state.withLock { state in
      if state.isDrawn { Output.diagnostics.redraw("") }
      state.isDrawn = false
    }
  }
}
