import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Ends the command with an error if a mapped file becomes smaller while it is read.
///
/// The system sends SIGBUS to the thread that touches a page behind the new end. That thread is copying or looking at
/// bytes of the file then, and holds no lock that is needed to print an error; so the handler does what the command does
/// for any other error.
enum ShrinkingFiles {
  private nonisolated(unsafe) static var end: ((CheckpointError) -> Never)?
  private nonisolated(unsafe) static var isEnding: sig_atomic_t = 0

  /// The corresponding C function is `sigaction`.
  static func onShrunken(_ end: @escaping (CheckpointError) -> Never) {
    unsafe self.end = end
    unsafe isEnding = 0
    var action = sigaction()
    let handler: @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void = {
      _, info, _ in unsafe ShrinkingFiles.handle(info)
    }
    #if canImport(Glibc)
      unsafe action.__sigaction_handler.sa_sigaction = handler
    #elseif canImport(Musl)
      unsafe action.__sa_handler.sa_sigaction = handler
    #else
      unsafe action.__sigaction_u.__sa_sigaction = handler
    #endif
    unsafe sigemptyset(&action.sa_mask)
    action.sa_flags = SA_SIGINFO
    unsafe sigaction(SIGBUS, &action, nil)
  }

  private static func handle(_ info: UnsafeMutablePointer<siginfo_t>?) {
    guard let info = unsafe info, unsafe info.pointee.si_code > 0,
      let file = MappedRanges.file(at: unsafe address(info)), let end = unsafe end
    else {
      // Something else: the same access ends the command as it would without a handler.
      signal(SIGBUS, SIG_DFL)
      return
    }
    // Another thread may touch the file too while the error is printed.
    if unsafe isEnding != 0 { while true { pause() } }
    unsafe isEnding = 1
    AtomicFile.removeUnfinished()
    end(CheckpointError.shrunken(file))
  }

  private static func address(_ info: UnsafeMutablePointer<siginfo_t>) -> UInt {
    #if canImport(Glibc)
      unsafe UInt(bitPattern: info.pointee._sifields._sigfault.si_addr)
    #elseif canImport(Musl)
      unsafe UInt(bitPattern: info.pointee.__si_fields.__sigfault.si_addr)
    #else
      unsafe UInt(bitPattern: info.pointee.si_addr)
    #endif
  }
}
