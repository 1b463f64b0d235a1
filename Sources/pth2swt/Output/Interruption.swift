import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Removes an unfinished file when the command is interrupted.
enum Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Lets a thread of its own wait for signals, before any other thread is there.
  ///
  /// Where there is none to be had, signals
  /// end the command as they always do.
  ///
  /// The corresponding C functions are `pthread_sigmask` and `sigwait`.
  static func prepare() {
    // A file over the session's limit is an error in words, not an end by this signal.
    signal(SIGXFSZ, SIG_IGN)
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in signals { unsafe sigaddset(&set, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    let awaited = set
    let isAwaited = startDetachedThread {
      var (set, number) = (awaited, Int32(0))
      guard unsafe sigwait(&set, &number) == 0 else { return }
      AtomicFile.removeUnfinished()
      signal(number, SIG_DFL)
      unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
      raise(number)
    }
    if !isAwaited { unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil) }
  }
}
