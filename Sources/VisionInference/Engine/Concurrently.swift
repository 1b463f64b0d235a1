import Dispatch

/// Calls `body` with each of `0..<count`, shared out among the threads in equal parts.
func concurrently(_ count: Int, threadCount: Int, _ body: @Sendable (Int) -> Void) {
  let parts = min(threadCount, count)
  if parts < 2 {
    for index in 0..<count { body(index) }
  } else {
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      for index in count * part / parts..<count * (part + 1) / parts { body(index) }
    }
  }
}
