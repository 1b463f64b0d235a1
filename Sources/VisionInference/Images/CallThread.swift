#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A thread of its own for calls into a C library that reports a fatal error to a function that must not return.
///
/// libjpeg and libpng expect `longjmp` there, which Swift does not have. Ending the thread does the same: the library's
/// frames are gone, and whoever waits for the thread finds out. What the frames of `body` hold is never released then:
/// some hundred bytes for each damaged picture. So all that is large is freed by the waiting side, by name and not by
/// reference counts.
enum CallThread {
  /// Runs `body` on a thread of its own and waits for its end, whichever way it comes.
  ///
  /// - Returns: Whether `body` came to its end.
  static func run(_ body: @escaping () -> Void) -> Bool {
    let call = Call(body)
    let argument = unsafe Unmanaged.passUnretained(call).toOpaque()
    // An integer in glibc, an optional pointer in other C libraries.
    #if canImport(Glibc)
      var thread = pthread_t()
      let status = unsafe pthread_create(&thread, nil, { argument in unsafe Self.enter(argument) }, argument)
      guard status == 0 else { return false }
    #else
      var thread: pthread_t?
      let status = unsafe pthread_create(&thread, nil, { argument in unsafe Self.enter(argument) }, argument)
      guard status == 0, let thread = unsafe thread else { return false }
    #endif
    pthread_join(thread, nil)
    return withExtendedLifetime(call) { call.isFinished }
  }

  /// Ends the thread, from within a library's error function.
  ///
  /// The corresponding C function is `pthread_exit`.
  static func abandon() -> Never { pthread_exit(nil) }

  private static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let call = unsafe Unmanaged<Call>.fromOpaque(argument)
    unsafe call._withUnsafeGuaranteedRef {
      $0.body()
      $0.isFinished = true
    }
    return nil
  }

  private final class Call {
    let body: () -> Void
    var isFinished = false

    init(_ body: @escaping () -> Void) {
      self.body = body
    }
  }
}
