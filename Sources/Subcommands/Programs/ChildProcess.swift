package import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A running program whose standard output is read. (Foundation's `Process` would load all of Foundation.)
package struct ChildProcess {
  private let process: pid_t
  let output: CInt

  /// Starts a program with our environment.
  ///
  /// - Parameter input: Its standard input; nil for ours.
  /// - Throws: `inputOutput` if the system cannot.
  package init(_ program: FilePath, _ arguments: [String], input: CInt? = nil) throws(CheckpointError) {
    var ends: [CInt] = [0, 0]
    guard unsafe pipe(&ends) == 0 else { throw Self.failure(program, errno) }
    defer { close(ends[1]) }
    // The child keeps the copy that is its standard output, and neither of these.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #if canImport(Darwin)
      var actions = unsafe posix_spawn_file_actions_t?.none
    #else
      var actions = unsafe posix_spawn_file_actions_t()
    #endif
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    if let input { unsafe posix_spawn_file_actions_adddup2(&actions, input, 0) }
    let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
    var process: pid_t = 0
    let result = unsafe Self.withCStrings([program.description] + arguments) { arguments in
      unsafe Self.withCStrings(environment) { environment in
        unsafe program.withCString { path in
          unsafe posix_spawn(&process, path, &actions, nil, arguments, environment)
        }
      }
    }
    guard result == 0 else {
      close(ends[0])
      throw Self.failure(program, result)
    }
    self.process = process
    output = ends[0]
  }

  private static func failure(_ program: FilePath, _ number: CInt) -> CheckpointError {
    CheckpointError(.inputOutput, "The program cannot be started: \(systemMessage(number)).", file: program.description)
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe body(pointers)
  }

  /// Calls `body` with each line of the program's output, without the line end.
  package func forEachLine(_ body: ([UInt8]) -> Void) {
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(output, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      for byte in buffer[..<count] {
        if byte == UInt8(ascii: "\n") {
          body(line)
          line.removeAll(keepingCapacity: true)
        } else {
          line.append(byte)
        }
      }
    }
  }

  /// Waits for the program's end.
  package func wait() {
    close(output)
    var status: CInt = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
