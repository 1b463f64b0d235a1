import StateDicts

/// Runs `body` in a task that is cancelled at its first report of progress.
///
/// - Returns: What `body` throws; nil if it ends without an error.
func errorWhenCancelled(
  _ body: @escaping @Sendable (@escaping @Sendable (ByteProgress) -> Void) async throws -> Void
) async -> (any Error)? {
  let started = Locked(Task<Void, any Error>?.none)
  let task = Task {
    try await body { _ in
      // On a thread of the work, which may be here before the task is known.
      while true {
        if let task = started.withLock({ $0 }) { return task.cancel() }
      }
    }
  }
  started.withLock { $0 = task }
  if case .failure(let error) = await task.result { return error }
  return nil
}
