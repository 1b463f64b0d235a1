import Dispatch

/// Runs work that blocks (hashing, flushing to disk) where it holds up none of the threads that run Swift's tasks.
func offCooperativePool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async {
      continuation.resume(with: Result { try work() })
    }
  }
}
