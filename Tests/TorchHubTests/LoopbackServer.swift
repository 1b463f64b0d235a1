import Foundation
import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An HTTP/1.1 server on 127.0.0.1 that can be told to misbehave; one thread a connection, one reply a connection.
final class LoopbackServer: Sendable {
  /// What a client asked for.
  struct Request: Sendable {
    var method = "GET"
    let path: String
    /// By lower-case name.
    let fields: [String: String]

    /// The offset of `Range: bytes=OFFSET-`.
    var rangeStart: Int? {
      fields["range"].flatMap { $0.hasPrefix("bytes=") ? Int($0.dropFirst(6).prefix { $0 != "-" }) : nil }
    }
  }

  /// What to send.
  struct Reply: Sendable {
    var status = 200
    var fields: [String: String] = [:]
    var body = Data()
    /// Sends only so many bytes of the body and then closes.
    var cut: Int?
    /// Sends the body in this many pieces, with the pause after each.
    var pieces = 1
    var pause: TimeInterval = 0
  }

  private struct State {
    var requests: [Request] = []
    var isStopped = false
  }

  let port: UInt16
  private let listener: CInt
  private let state = Locked(State())

  /// Everything that was asked so far.
  var requests: [Request] { state.withLock { $0.requests } }

  init(_ reply: @escaping @Sendable (Request) -> Reply) throws {
    #if canImport(Glibc)
      let stream = CInt(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let listener = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, size) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &size) == 0
      }
    }
    guard isBound else { throw POSIXError(.EADDRINUSE) }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [state] in
      while true {
        let connection = accept(listener, nil, nil)
        if state.withLock({ $0.isStopped }) || connection < 0 {
          close(connection)
          close(listener)
          return
        }
        Thread.detachNewThread {
          Self.serve(connection) { request in
            state.withLock { $0.requests.append(request) }
            return reply(request)
          }
        }
      }
    }
  }

  deinit {
    state.withLock { $0.isStopped = true }
    shutdown(listener, CInt(SHUT_RDWR))
  }

  func url(_ path: String) throws -> URL {
    guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
    return url
  }

  private static func serve(_ connection: CInt, _ reply: (Request) -> Reply) {
    defer { close(connection) }
    var received = Data()
    while received.range(of: Data("\r\n\r\n".utf8)) == nil {
      var piece = Data(count: 4096)
      let count = unsafe piece.withUnsafeMutableBytes { unsafe recv(connection, $0.baseAddress, $0.count, 0) }
      guard count > 0 else { return }
      received.append(piece.prefix(count))
    }
    let lines = String(decoding: received, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3, ["GET", "HEAD"].contains(words[0]) else { return }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let answer = reply(Request(method: String(words[0]), path: String(words[1]), fields: fields))
    var head = "HTTP/1.1 \(answer.status) Reply\r\nConnection: close\r\n"
    if answer.fields["Content-Length"] == nil { head += "Content-Length: \(answer.body.count)\r\n" }
    for (name, value) in answer.fields where !value.isEmpty { head += "\(name): \(value)\r\n" }
    guard send(Data((head + "\r\n").utf8), to: connection) else { return }
    let body = words[0] == "HEAD" ? Data() : answer.body.prefix(answer.cut ?? answer.body.count)
    let step = max(1, (body.count + answer.pieces - 1) / answer.pieces)
    for start in stride(from: 0, to: body.count, by: step) {
      guard send(Data(body.dropFirst(start).prefix(step)), to: connection) else { return }
      if answer.pause > 0 { Thread.sleep(forTimeInterval: answer.pause) }
    }
  }

  private static func send(_ data: Data, to connection: CInt) -> Bool {
    #if canImport(Darwin)
      let flags: CInt = 0
    #else
      let flags = CInt(MSG_NOSIGNAL)
    #endif
    var done = 0
    while done < data.count {
      let count = unsafe data.withUnsafeBytes { bytes in
        #if canImport(Darwin)
          unsafe Darwin.send(connection, bytes.baseAddress?.advanced(by: done), bytes.count - done, flags)
        #elseif canImport(Glibc)
          unsafe Glibc.send(connection, bytes.baseAddress?.advanced(by: done), bytes.count - done, flags)
        #else
          unsafe Musl.send(connection, bytes.baseAddress?.advanced(by: done), bytes.count - done, flags)
        #endif
      }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}
