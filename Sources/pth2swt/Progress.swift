import StateDicts

/// A line on the terminal that says how far the work is; nothing where standard error is no terminal.
final class ProgressLine: Sendable {
  private let isShown = FileDescriptor.standardError.isTerminal
  private let state = Locked((shown: ContinuousClock.now - .seconds(1), isDrawn: false))

  func show(_ progress: CopyProgress) {
    guard isShown else { return }
    state.withLock { state in
      guard ContinuousClock.now - state.shown > .milliseconds(100) else { return }
      state = (ContinuousClock.now, true)
      let percent = progress.completedByteCount * 100 / max(progress.totalByteCount, 1)
      let done = Readable.bytes(progress.completedByteCount)
      let total = Readable.bytes(progress.totalByteCount)
      FileDescriptor.standardError.write("\r\u{1B}[K\(percent)%  \(done) of \(total)  \(progress.name.suffix(50))")
    }
  }

  func clear() {
    state.withLock { state in
      if state.isDrawn { FileDescriptor.standardError.write("\r\u{1B}[K") }
      state.isDrawn = false
    }
  }
}
