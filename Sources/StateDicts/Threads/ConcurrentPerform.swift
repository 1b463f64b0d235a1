#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Calls `body` with each number below `count`, with the first here and with each other on a thread of its own; and
/// returns when all calls have.
///
/// Dispatch's function of this name waits for ever where the system gives no thread. Here such a call is made by the
/// thread that is there.
package func concurrentPerform(_ count: Int, _ body: @Sendable (Int) -> Void) {
  let work = AwaitedWork.current
  withoutActuallyEscaping(body) { body in
    var threads: [pthread_t] = []
    for number in stride(from: 1, to: count, by: 1) {
      let thread = startThread { AwaitedWork.$current.withValue(work) { body(number) } }
      if let thread { threads.append(thread) } else { body(number) }
    }
    if count > 0 { body(0) }
    for thread in threads { pthread_join(thread, nil) }
  }
}

/// Runs `body` on a thread of its own, for which nobody waits.
///
/// - Returns: Whether the system gives a thread.
package func startDetachedThread(_ body: @escaping @Sendable () -> Void) -> Bool {
  guard let thread = startThread(body) else { return false }
  return pthread_detach(thread) == 0
}

/// A thread that runs `body`, to be joined or detached; nil where the system gives none.
///
/// The corresponding C function is `pthread_create`.
private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
  let call = unsafe Unmanaged.passRetained(Call(body))
  #if canImport(Glibc)
    var thread = pthread_t()
  #else
    var thread: pthread_t?
  #endif
  let status = unsafe pthread_create(&thread, nil, { argument in unsafe Call.enter(argument) }, call.toOpaque())
  guard status == 0 else {
    unsafe call.release()
    return nil
  }
  return thread
}

private final class Call: Sendable {
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }

  #if canImport(Darwin)
    static func enter(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      unsafe Unmanaged<Call>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }
  #else
    static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
      guard let argument = unsafe argument else { return nil }
      unsafe Unmanaged<Call>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }
  #endif
}
