import Foundation
import StateDicts
import VisionModels

/// The one thread on which a model's arithmetic runs, and where its forward pass lives.
///
/// OpenMP, on which Debian's oneDNN runs, gives every calling thread a team of its own and keeps the team's size with
/// the calling thread. So all calls come from here, in the order in which they were asked for, with any library.
package final class ArithmeticThread<Pass>: Sendable {
  private let queue: Queue

  /// - Parameters:
  ///   - threadCount: how many threads compute together; nil for as many as the machine has cores.
  ///   - isExact: whether Winograd's algorithm is left alone.
  ///   - makePass: Makes the forward pass; called once, on the thread.
  package init(
    threadCount: Int? = nil, isExact: Bool = false, _ makePass: @escaping @Sendable () throws -> Pass
  ) {
    let count = max(threadCount ?? ProcessInfo.processInfo.activeProcessorCount, 1)
    let queue = Queue()
    self.queue = queue
    let thread = Thread {
      let resident = Result { (try Arithmetic(isExact: isExact, threadCount: count), try makePass()) }
      while let job = queue.next() { job(resident) }
    }
    thread.name = "pth2swt arithmetic"
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit { queue.close() }

  /// Runs `body` on the thread and waits for it.
  package func run<Value: Sendable>(
    _ body: @escaping @Sendable (Arithmetic, Pass) throws -> Value
  ) throws -> Value {
    let answer = Locked<Result<Value, any Error>?>(nil)
    let isDone = DispatchSemaphore(value: 0)
    queue.append { resident in
      let result = Result { try body(resident.get().0, resident.get().1) }
      answer.withLock { $0 = result }
      isDone.signal()
    }
    isDone.wait()
    guard let result = answer.withLock({ $0 }) else {
      throw VisionError(.arithmetic, "The arithmetic thread returned no result.")
    }
    return try result.get()
  }

  /// Runs `body` on the thread; the task sleeps until it is done.
  package func run<Value: Sendable>(
    _ body: @escaping @Sendable (Arithmetic, Pass) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.append { resident in
        continuation.resume(with: Result { try body(resident.get().0, resident.get().1) })
      }
    }
  }

  private typealias Job = @Sendable (Result<(Arithmetic, Pass), any Error>) -> Void

  /// Jobs in order, between threads.
  private final class Queue: Sendable {
    private let jobs = Locked<[Job]>([])
    private let isClosed = Locked(false)
    private let available = DispatchSemaphore(value: 0)

    func append(_ job: @escaping Job) {
      jobs.withLock { $0.append(job) }
      available.signal()
    }

    func close() {
      isClosed.withLock { $0 = true }
      available.signal()
    }

    /// The next job, waited for; nil once the queue is closed and empty.
    func next() -> Job? {
      available.wait()
      return jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }
}

extension ArithmeticThread<Void> {
  /// A thread without a forward pass, for single steps.
  package convenience init(threadCount: Int? = nil, isExact: Bool = false) {
    self.init(threadCount: threadCount, isExact: isExact) {}
  }

  /// Runs `body` on the thread and waits for it.
  package func run<Value: Sendable>(_ body: @escaping @Sendable (Arithmetic) throws -> Value) throws -> Value {
    try run { arithmetic, _ in try body(arithmetic) }
  }
}
