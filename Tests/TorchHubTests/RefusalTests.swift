import Foundation
import StateDicts
import Testing

@testable import TorchHub

struct RefusalTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
  }

  @Test(
    "a status that will not change is an error at once, and leaves nothing",
    arguments: [
      (404, .notFound), (410, .notFound), (401, .httpStatus), (403, .httpStatus), (204, .httpStatus),
      (206, .httpStatus), (304, .httpStatus), (416, .httpStatus),
    ] as [(Int, CheckpointError.Code)])
  func finalStatus(status: Int, code: CheckpointError.Code) async throws {
    let server = try LoopbackServer { _ in LoopbackServer.Reply(status: status, body: Data(status == 204 ? "" : "no")) }
    #expect(try await bench.failure(server.url("/m.pth"), Bench.options(retries: 3)) == code)
    #expect(server.requests.count == 1)
    #expect(try bench.names == [])
  }

  @Test("a busy server is asked again, as often as is allowed", arguments: [408, 429, 500, 502, 503, 504])
  func busy(status: Int) async throws {
    let server = try LoopbackServer { _ in LoopbackServer.Reply(status: status, body: Data("busy")) }
    #expect(try await bench.failure(server.url("/m.pth"), Bench.options(retries: 2)) == .httpStatus)
    #expect(server.requests.count == 3)
    #expect(try bench.names == [])
  }

  @Test("a server that recovers gives the file")
  func recovers() async throws {
    let bytes = bench.bytes
    let count = Locked(0)
    let server = try LoopbackServer { request in
      let number = count.withLock { count in
        count += 1
        return count
      }
      return number < 3 ? LoopbackServer.Reply(status: 503) : .file(bytes, request)
    }
    try await bench.download(server.url("/m.pth"), Bench.options(retries: 2))
    #expect(try bench.contents("m.pth") == bytes)
  }

  @Test("redirects are followed, absolute and relative, and a resumed range goes along")
  func redirects() async throws {
    let bytes = bench.bytes
    let count = Locked(0)
    let server = try LoopbackServer { request in
      switch request.path {
      case "/a/m.pth": return LoopbackServer.Reply(status: 302, fields: ["Location": "../b/x?y=z"], body: Data("moved"))
      case "/b/x?y=z":
        let port = request.fields["host"] ?? ""
        return LoopbackServer.Reply(status: 307, fields: ["Location": "http://\(port)/c"])
      default:
        let isFirst = count.withLock { count in
          count += 1
          return count == 1
        }
        return isFirst ? .file(bytes, request).cut(after: 50_000) : .file(bytes, request)
      }
    }
    let file = try await bench.download(server.url("/a/m.pth"), Bench.options(retries: 1))
    #expect(file.lastPathComponent == "m.pth")
    #expect(try Data(contentsOf: file) == bytes)
    #expect(server.requests.map(\.path) == ["/a/m.pth", "/b/x?y=z", "/c", "/a/m.pth", "/b/x?y=z", "/c"])
    #expect(server.requests.last?.rangeStart == 50_000)
  }

  @Test("a circle of redirects ends", arguments: [301, 302, 303, 307, 308])
  func circle(status: Int) async throws {
    let server = try LoopbackServer { _ in LoopbackServer.Reply(status: status, fields: ["Location": "/m.pth"]) }
    #expect(try await bench.failure(server.url("/m.pth"), Bench.options(retries: 3)) == .httpStatus)
    #expect(server.requests.count == 11)
  }

  @Test("a redirect that leads nowhere is an error", arguments: ["", "http://", "ftp://127.0.0.1/x"])
  func nowhere(location: String) async throws {
    let server = try LoopbackServer { _ in LoopbackServer.Reply(status: 302, fields: ["Location": location]) }
    let code = try await bench.failure(server.url("/m.pth"))
    #expect(code == (location.isEmpty ? .httpStatus : .unsupported))
    #expect(try bench.names == [])
  }

  @Test("a redirect from https to http is refused unless http is allowed")
  func downgrade() throws {
    let url = try #require(URL(string: "https://a.b/m.pth"))
    let head = ResponseHead(status: 302) { $0 == "Location" ? "http://a.b/m.pth" : nil }
    #expect(throws: CheckpointError(.insecureURL, "")) { try head.check(url, nil, allowsPlainHTTP: false) }
    let turn = #expect(throws: Turn.self) { try head.check(url, nil, allowsPlainHTTP: true) }
    let next: URL? = if case .elsewhere(let url) = turn { url } else { nil }
    #expect(next?.absoluteString == "http://a.b/m.pth")
  }

  @Test("a web page in place of the file is refused")
  func page() async throws {
    let server = try LoopbackServer { _ in
      LoopbackServer.Reply(fields: ["Content-Type": "text/html; charset=utf-8"], body: Data("<html>"))
    }
    #expect(try await bench.failure(server.url("/m.pth")) == .notACheckpoint)
    #expect(try bench.names == [])
  }

  @Test("a file of no bytes is refused")
  func empty() async throws {
    let server = try LoopbackServer { .file(Data(), $0) }
    #expect(try await bench.failure(server.url("/m.pth")) == .notACheckpoint)
    #expect(try bench.names == [])
  }

  @Test("a server that accepts a connection and says nothing is given up after the time for a first byte")
  func mute() async throws {
    let server = try LoopbackServer { request in
      Thread.sleep(forTimeInterval: 60)
      return LoopbackServer.Reply.file(Data([1]), request)
    }
    var options = Bench.options()
    options.firstByteSeconds = 0.2
    let error = await #expect(throws: CheckpointError(.connectionFailed, "")) {
      try await bench.download(server.url("/m.pth"), options)
    }
    #if os(Linux)
      #expect(error?.message == "The server did not respond for 0.2 s.")
    #endif
  }

  @Test("a host that takes no connection is given up after the time for one")
  func unconnected() async throws {
    // Its queue is full: nobody accepts, and one connection waits already.
    let listener = try FullListener()
    var options = Bench.options()
    options.connectSeconds = 0.2
    let error = await #expect(throws: CheckpointError(.connectionFailed, "")) {
      try await bench.download(listener.url, options)
    }
    #if os(Linux)
      #expect(error?.message == "Connecting took longer than 0.2 s.")
    #endif
    withExtendedLifetime(listener) {}
  }

  @Test("a server that falls silent is given up")
  func silent() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(bytes, request)
      reply.pieces = 2
      reply.pause = 60
      return reply
    }
    // Had it been waited for, the rest would have come.
    #expect(try await bench.failure(server.url("/m.pth"), Bench.options(idleSeconds: 0.2)) == .connectionFailed)
    #expect(try bench.names == ["m.pth.part", "m.pth.part.json"])
  }

  @Test("a port that nobody listens on is an error")
  func nobody() async throws {
    let url = try #require(URL(string: "http://127.0.0.1:1/m.pth"))
    #expect(try await bench.failure(url, DownloadOptions(allowsPlainHTTP: true)) == .connectionFailed)
  }

  @Test("a file that the disk has no room for is refused before it is fetched")
  func noRoom() async throws {
    let server = try LoopbackServer { _ in
      LoopbackServer.Reply(fields: ["Content-Length": "4611686018427387904"], body: Data(count: 100_000))
    }
    #expect(try await bench.failure(server.url("/m.pth")) == .cannotCreate)
    #expect(try bench.names == [])
  }

  @Test("a folder that cannot be made, or written to, is said to be so")
  func badFolder() async throws {
    let server = try LoopbackServer { .file(Data("x".utf8), $0) }
    try bench.put(Data(), as: "file")
    let folder = HubFolder(bench.folder.appendingPathComponent("file/hub"))
    await #expect(throws: CheckpointError(.cannotCreate, "")) {
      try await downloadWeights(from: server.url("/m.pth"), in: folder, options: Bench.options())
    }
    try FileManager.default.createDirectory(
      at: bench.folder.appendingPathComponent("m.pth"), withIntermediateDirectories: false)
    #expect(try await bench.failure(server.url("/m.pth")) == .isDirectory)
    #expect(try await bench.failure(server.url("/" + String(repeating: "m", count: 254))) == .cannotCreate)
    #expect(server.requests.isEmpty)
  }

  @Test("a symbolic link in the part's place is not written through")
  func link() async throws {
    let server = try LoopbackServer { .file(Data("x".utf8), $0) }
    try bench.put(Data("precious".utf8), as: "precious")
    try FileManager.default.createSymbolicLink(
      at: bench.folder.appendingPathComponent("m.pth.part"),
      withDestinationURL: bench.folder.appendingPathComponent("precious"))
    #expect(try await bench.failure(server.url("/m.pth")) == .cannotCreate)
    #expect(try bench.contents("precious") == Data("precious".utf8))
  }

  @Test("the system's errors are told in plain words")
  func words() {
    #expect(SystemFailure(ENOSPC).error(file: "f").message == "The disk is full.")
    #expect(SystemFailure(EROFS).error(file: "f") == CheckpointError(.cannotCreate, ""))
    #expect(SystemFailure(EIO).error(file: "f") == CheckpointError(.inputOutput, ""))
    #expect(SystemFailure(EACCES).error(file: "f", otherwise: .notReadable) == CheckpointError(.notReadable, ""))
  }
}

extension Data {
  fileprivate init(_ text: String) {
    self.init(text.utf8)
  }
}
