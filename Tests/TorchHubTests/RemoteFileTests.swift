import Foundation
import StateDicts
import Testing

@testable import TorchHub

/// Parts of a file on a server: few requests, and no answer but the one that was asked for.
struct RemoteFileTests {
  private typealias Reply = LoopbackServer.Reply

  private static let bytes = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })

  /// The part of the bytes that a request asks for, as a server sends it.
  private static func part(_ request: LoopbackServer.Request) -> Reply { .part(bytes, request, tag: "\"v1\"") }

  private func open(_ server: LoopbackServer, _ path: String = "/m.pth", retries: Int = 1) async throws -> RemoteFile {
    try await RemoteFile(at: server.url(path), options: Bench.options(retries: retries))
  }

  /// What the second request comes to, whose answer is changed.
  private func failure(
    _ change: @escaping @Sendable (LoopbackServer.Request, inout Reply) -> Void
  ) async throws -> CheckpointError? {
    let server = try LoopbackServer { request in
      var reply = Self.part(request)
      if request.fields["range"]?.hasPrefix("bytes=-") == false { change(request, &reply) }
      return reply
    }
    let file = try await open(server)
    do {
      _ = try await file.read(1000..<2000)
      return nil
    } catch {
      return error as? CheckpointError
    }
  }

  @Test("the first request gives the size and the end; close ranges take one request, and the end none")
  func reads() async throws {
    let server = try LoopbackServer { Self.part($0) }
    let file = try await open(server)
    #expect(file.byteCount == Self.bytes.count && file.validator == "\"v1\"")
    #expect(try await file.read(299_000..<300_000) == Self.bytes[299_000..<300_000])
    #expect(file.requestCount == 1)
    let ranges = [5000..<6000, 0..<8, 70_000..<70_000, 5500..<9000]
    let found = try await file.read(ranges)
    #expect(found == ranges.map { Data(Self.bytes[$0]) })
    #expect(file.requestCount == 2)
    #expect(file.receivedByteCount == RemoteFile.tailByteCount + 9000)
    // Up to what has come already.
    #expect(try await file.read(200_000..<300_000) == Self.bytes[200_000..<300_000])
    #expect(server.requests.map { $0.fields["range"] } == ["bytes=-65536", "bytes=0-8999", "bytes=200000-234463"])
    await #expect(throws: CheckpointError(.inputOutput, "")) { try await file.read(299_999..<300_001) }
  }

  @Test("a file that is shorter than the end comes with its size")
  func short() async throws {
    let server = try LoopbackServer { _ in
      Reply(status: 206, fields: ["Content-Range": "bytes 0-2/3"], body: Data([1, 2, 3]))
    }
    let file = try await open(server)
    #expect(try await file.read(0..<3) == Data([1, 2, 3]))
    #expect(file.requestCount == 1)
  }

  @Test("a server without ranges is refused before its body is read, and --download is offered")
  func noRanges() async throws {
    let server = try LoopbackServer { _ in Reply(body: Self.bytes, pieces: 1000, pause: 1) }
    let error = await #expect(throws: CheckpointError(.noRanges, "")) { try await open(server) }
    #expect(error?.remedy?.contains("--download") == true)
    #expect(server.requests.count == 1)
  }

  @Test("a connection that is lost is taken up where it ended")
  func lost() async throws {
    let count = Locked(0)
    let server = try LoopbackServer { request in
      let isSecond = count.withLock { count in
        count += 1
        return count == 2
      }
      var reply = Self.part(request)
      if isSecond { reply.cut = 400 }
      return reply
    }
    let file = try await open(server)
    #expect(try await file.read(1000..<2000) == Self.bytes[1000..<2000])
    #expect(server.requests.last?.fields["range"] == "bytes=1400-1999")
    #expect(server.requests.last?.fields["if-range"] == "\"v1\"")
  }

  @Test("a busy server is asked again, and not for ever")
  func busy() async throws {
    let server = try LoopbackServer { _ in Reply(status: 503) }
    await #expect(throws: CheckpointError(.httpStatus, "")) { try await open(server, retries: 2) }
    #expect(server.requests.count == 3)
  }

  // MARK: - Hostile servers

  @Test("another range than was asked for is refused")
  func otherRange() async throws {
    for field in ["bytes 0-999/300000", "bytes 1001-2000/300000", "nonsense", "bytes 1000-1999/*"] {
      let error = try await failure { _, reply in reply.fields["Content-Range"] = field }
      #expect(error != nil, "\(field)")
    }
    #expect(try await failure { _, reply in reply.fields["Content-Range"] = nil }?.code == .httpStatus)
  }

  @Test("another length, another version, and the whole file are refused")
  func changes() async throws {
    #expect(
      try await failure { _, reply in reply.fields["Content-Range"] = "bytes 1000-1999/300001" }?.code == .inputOutput)
    #expect(try await failure { _, reply in reply.fields["ETag"] = "\"v2\"" }?.code == .inputOutput)
    #expect(try await failure { _, reply in reply = Reply(body: Self.bytes) }?.code == .inputOutput)
    #expect(try await failure { _, reply in reply.fields["Content-Length"] = "5000" }?.code == .httpStatus)
  }

  @Test("more bytes than were asked for end the exchange")
  func endless() async throws {
    let error = try await failure { _, reply in
      // Without a length the body goes on until the server closes the connection.
      reply.fields["Content-Length"] = ""
      reply.body = Data(repeating: 7, count: 50_000_000)
    }
    #expect(error?.code == .httpStatus && error?.message.contains("more than the 1000 bytes") == true)
    let server = try LoopbackServer { _ in
      Reply(
        status: 206, fields: ["Content-Range": "bytes 0-9/10", "Content-Length": ""],
        body: Data(repeating: 7, count: 50_000_000))
    }
    await #expect(throws: CheckpointError(.httpStatus, "")) { try await open(server) }
  }

  @Test("redirects are followed, end, and do not lead to another scheme")
  func redirects() async throws {
    let server = try LoopbackServer { request in
      switch request.path {
      case "/m.pth": Reply(status: 302, fields: ["Location": "/signed"])
      case "/circle": Reply(status: 302, fields: ["Location": "/circle"])
      case "/file": Reply(status: 302, fields: ["Location": "file:///etc/passwd"])
      case "/ftp": Reply(status: 302, fields: ["Location": "ftp://127.0.0.1/m.pth"])
      default: Self.part(request)
      }
    }
    let file = try await open(server)
    #expect(try await file.read(0..<10) == Self.bytes[0..<10])
    // Where the redirect led to is asked at once.
    #expect(server.requests.map(\.path) == ["/m.pth", "/signed", "/signed"])
    await #expect(throws: CheckpointError(.httpStatus, "")) { try await open(server, "/circle") }
    for path in ["/file", "/ftp"] {
      await #expect(throws: CheckpointError(.unsupported, "")) { try await open(server, path) }
    }
    await #expect(throws: CheckpointError(.insecureURL, "")) { try await RemoteFile(at: server.url("/m.pth")) }
  }

  @Test("an address that a redirect led to, and that expired, is given again")
  func expired() async throws {
    let count = Locked(0)
    let server = try LoopbackServer { request in
      guard request.path.hasPrefix("/signed") else {
        let number = count.withLock { count in
          count += 1
          return count
        }
        return Reply(status: 302, fields: ["Location": "/signed\(number)"])
      }
      let isCurrent = request.path == "/signed1" ? request.fields["range"] == "bytes=-65536" : true
      return isCurrent ? Self.part(request) : Reply(status: 403)
    }
    let file = try await open(server)
    #expect(try await file.read(0..<10) == Self.bytes[0..<10])
    #expect(server.requests.map(\.path) == ["/m.pth", "/signed1", "/signed1", "/m.pth", "/signed2"])
  }

  @Test("addresses of this machine and its network are told from others")
  func privateAddresses() {
    for host in [
      "127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]",
      "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]", "224.0.0.1", "255.255.255.255", "localhost",
    ] {
      #expect(PrivateAddress.has(host), "\(host)")
    }
    for host in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "192.169.0.1", "[2606:4700::1111]", "[::ffff:1.1.1.1]"] {
      #expect(!PrivateAddress.has(host), "\(host)")
    }
  }

  @Test("ranges are sorted, and joined where little lies between them")
  func joined() {
    let gap = RemoteFile.joinedGap
    #expect(RemoteFile.joined([]) == [])
    #expect(RemoteFile.joined([5..<5]) == [])
    #expect(RemoteFile.joined([10..<20, 0..<5, 18..<30]) == [0..<30])
    #expect(RemoteFile.joined([0..<5, 5 + gap..<10 + gap]) == [0..<10 + gap])
    #expect(RemoteFile.joined([0..<5, 6 + gap..<10 + gap]) == [0..<5, 6 + gap..<10 + gap])
  }

  @Test("a task that is cancelled stops waiting")
  func cancelled() async throws {
    let server = try LoopbackServer { request in
      if request.fields["range"]?.hasPrefix("bytes=-") == false { Thread.sleep(forTimeInterval: 60) }
      return Self.part(request)
    }
    let file = try await open(server)
    let task = Task { try await file.read(0..<10) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
