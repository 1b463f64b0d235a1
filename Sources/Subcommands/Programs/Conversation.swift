import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A running program that is asked, and answers in lines.
final class Conversation: Sendable {
  private let child: ChildProcess
  /// A socket, since writing to a pipe whose reader has ended would end this process too.
  private let input: CInt
  private let received = Locked([UInt8]())

  /// Starts a program.
  ///
  /// The corresponding C function is `socketpair`.
  ///
  /// - Throws: `inputOutput` if the system cannot.
  init(_ program: FilePath, _ arguments: [String]) throws(CheckpointError) {
    var ends: [CInt] = [0, 0]
    #if canImport(Glibc)
      let stream = CInt(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    guard unsafe socketpair(AF_UNIX, stream, 0, &ends) == 0 else {
      throw CheckpointError(
        .inputOutput, "The program cannot be started: \(systemMessage(errno)).", file: program.description)
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #if canImport(Darwin)
      var isOn: CInt = 1
      _ = unsafe setsockopt(ends[0], SOL_SOCKET, SO_NOSIGPIPE, &isOn, socklen_t(MemoryLayout<CInt>.size))
    #endif
    defer { close(ends[1]) }
    do throws(CheckpointError) {
      child = try ChildProcess(program, arguments, input: ends[1])
    } catch {
      close(ends[0])
      throw error
    }
    input = ends[0]
  }

  deinit {
    // The program ends with its input.
    close(input)
    child.wait()
  }

  /// - Throws: `inputOutput` if the program has ended.
  func send(_ text: String) throws(CheckpointError) {
    #if canImport(Darwin)
      let flags: CInt = 0
    #else
      let flags = CInt(MSG_NOSIGNAL)
    #endif
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe systemSend(input, $0, flags) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw CheckpointError(.inputOutput, "The fetching program has ended: \(systemMessage(errno)).")
      }
      rest = rest.dropFirst(count)
    }
  }

  /// The next line of its output, without the line end; nil at the end, and for a line that is too long.
  func nextLine() -> [UInt8]? {
    received.withLock { received in
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
          let line = Array(received[..<end])
          received.removeSubrange(...end)
          return line
        }
        guard received.count < 1 << 20 else { return nil }
        let count = unsafe read(child.output, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return nil }
        received += buffer[..<count]
      }
    }
  }
}

private func systemSend(_ socket: CInt, _ bytes: UnsafeRawBufferPointer, _ flags: CInt) -> Int {
  unsafe send(socket, bytes.baseAddress, bytes.count, flags)
}
