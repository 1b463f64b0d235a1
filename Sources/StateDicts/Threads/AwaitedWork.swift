/// Work that blocks while a task waits for it: whether the task was cancelled, and who receives reports of progress.
///
/// Long work calls `check()` at each window. It needs no parameter for this, on any thread that it uses.
package final class AwaitedWork: Sendable {
  @TaskLocal static var current: AwaitedWork?

  private let isCancelled = Locked(false)
  private let progress: (@Sendable (ByteProgress) -> Void)?

  fileprivate init(_ progress: (@Sendable (ByteProgress) -> Void)?) { self.progress = progress }

  /// Throws if the waiting task was cancelled; `offCooperativePool` turns the error into a `CancellationError`.
  package static func check() throws(CheckpointError) {
    guard let current, current.isCancelled.withLock({ $0 }) else { return }
    throw CheckpointError(.inputOutput, "The task was cancelled.")
  }

  /// Reports progress to the waiting task, and throws if it was cancelled.
  package static func report(_ byteCount: Int, of total: Int?, _ name: String = "") throws(CheckpointError) {
    current?.progress?(ByteProgress(completedByteCount: byteCount, totalByteCount: total, name: name))
    try check()
  }

  fileprivate func cancel() { isCancelled.withLock { $0 = true } }

  fileprivate func run<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try Self.$current.withValue(self) {
        try Self.check()
        return try body()
      }
    } catch {
      throw isCancelled.withLock({ $0 }) ? CancellationError() : error
    }
  }
}

/// Runs work that blocks (reading, hashing, flushing to disk) on a thread of its own, so that it delays none of the
/// threads that run Swift's tasks.
///
/// - Parameters:
///   - progress: Called with the reports of `AwaitedWork.report`.
///   - body: The work. It stops at its next check if the task is cancelled.
/// - Throws: `CancellationError` if the task was cancelled before the work ended, otherwise what `body` throws.
package func offCooperativePool<Value: Sendable>(
  progress: (@Sendable (ByteProgress) -> Void)? = nil, _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  let work = AwaitedWork(progress)
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      let run = { @Sendable in continuation.resume(with: Result { try work.run(body) }) }
      if !startDetachedThread(run) { run() }
    }
  } onCancel: {
    work.cancel()
  }
}
