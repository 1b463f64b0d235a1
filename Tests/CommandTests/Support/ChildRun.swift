import Foundation

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// A program at work, of which more is asked than Foundation's `Process` tells: its signal and its peak memory.
struct ChildRun {
  struct End {
    /// The exit code; nil where a signal ended it.
    let code: Int32?
    let signal: Int32?
    /// On Linux as it was seen every two milliseconds: what the kernel counts for a child begins at its parent's peak.
    fileprivate(set) var peakByteCount: Int
  }

  let process: pid_t

  /// Starts a program, its standard output in a file, its errors nowhere.
  init(_ program: String, _ arguments: [String], output: String = "/dev/null") throws {
    #if canImport(Darwin)
      var actions = unsafe posix_spawn_file_actions_t?.none
    #else
      var actions = unsafe posix_spawn_file_actions_t()
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var variables = unsafe ProcessInfo.processInfo.environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe variables.forEach { unsafe free($0) } }
    // What starts the tests may ignore this signal (Python does), and a child would too.
    #if canImport(Darwin)
      var attributes = unsafe posix_spawnattr_t?.none
    #else
      var attributes = posix_spawnattr_t()
    #endif
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    unsafe sigemptyset(&defaults)
    unsafe sigaddset(&defaults, SIGXFSZ)
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var process: pid_t = 0
    let result = unsafe posix_spawn(&process, program, &actions, &attributes, &words, &variables)
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EINVAL) }
    self.process = process
  }

  /// The end, if the program has come to it; its process is then gone.
  func endIfThere() -> End? {
    var status: Int32 = 0
    var usage = rusage()
    guard unsafe wait4(process, &status, WNOHANG, &usage) == process else { return nil }
    let signal = status & 0x7F
    #if canImport(Darwin)
      let peak = usage.ru_maxrss
    #else
      let peak = usage.ru_maxrss * 1024
    #endif
    return End(code: signal == 0 ? status >> 8 & 0xFF : nil, signal: signal == 0 ? nil : signal, peakByteCount: peak)
  }

  /// Waits for the end.
  ///
  /// - Throws: `ETIMEDOUT` where it has not come in minutes, so that a program that hangs does not hang the tests: it is
  ///   killed. No test measures time by this.
  func end() throws -> End {
    var peak = 0
    for _ in 0..<150_000 {
      peak = max(peak, residentPeak ?? 0)
      if var end = endIfThere() {
        #if os(Linux)
          end.peakByteCount = peak
        #endif
        return end
      }
      usleep(2000)
    }
    send(SIGKILL)
    while endIfThere() == nil { usleep(2000) }
    throw POSIXError(.ETIMEDOUT)
  }

  /// The most memory that the program had so far; nil where the system does not say it, or there is no program any more.
  private var residentPeak: Int? {
    guard let status = try? ProcessFile.text("status", of: "\(process)") else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }

  func send(_ signal: Int32) { kill(process, signal) }
}
