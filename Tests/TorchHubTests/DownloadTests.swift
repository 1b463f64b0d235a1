import Foundation
import StateDicts
import Testing
import TorchHub

struct DownloadTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
  }

  @Test("a file arrives whole, under its name, with nothing beside it")
  func whole() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { .file(bytes, $0) }
    let reports = Locked<[ByteProgress]>([])
    let file = try await bench.download(server.url("/models/m.pth")) { report in
      reports.withLock { $0.append(report) }
    }
    #expect(file.lastPathComponent == "m.pth")
    #expect(try Data(contentsOf: file) == bytes)
    #expect(try bench.names == ["m.pth"])
    let last = try #require(reports.withLock { $0.last })
    #expect(last == ByteProgress(completedByteCount: 300_007, totalByteCount: 300_007, name: "m.pth"))
    #expect(last.fraction == 1)
    #expect(server.requests.map(\.path) == ["/models/m.pth"])
  }

  @Test("a body of unknown length is whole when the server says so, chunk by chunk")
  func unknownLength() async throws {
    let bytes = bench.bytes
    var body = Data("20000\r\n".utf8)
    body += bytes.prefix(0x20000)
    body += Data("\r\n\(String(bytes.count - 0x20000, radix: 16))\r\n".utf8)
    body += bytes.dropFirst(0x20000)
    body += Data("\r\n0\r\n\r\n".utf8)
    let whole = body
    let fields = ["Transfer-Encoding": "chunked", "Content-Length": ""]
    let server = try LoopbackServer { request in
      LoopbackServer.Reply(fields: fields, body: whole, cut: request.path == "/cut.pth" ? 200_000 : nil)
    }
    let file = try await bench.download(server.url("/m.pth"))
    #expect(try Data(contentsOf: file) == bytes)
    #expect(try await bench.failure(server.url("/cut.pth")) == .connectionFailed)
    #expect(try bench.names == ["m.pth"])
  }

  @Test("a file that is already there is used, and nobody is asked")
  func cached() async throws {
    let server = try LoopbackServer { _ in LoopbackServer.Reply(status: 500) }
    try bench.put(Data("PyTorch's".utf8), as: "m-00000000.pth")
    let file = try await bench.download(server.url("/m-00000000.pth"))
    #expect(try Data(contentsOf: file) == Data("PyTorch's".utf8))
    #expect(server.requests.isEmpty)
    var options = Bench.options()
    options.checksCachedFile = true
    #expect(try await bench.failure(server.url("/m-00000000.pth"), options) == .hashMismatch)
    #expect(try bench.names == ["m-00000000.pth"])
  }

  @Test("the digits in the name are held against the bytes, and wrong bytes leave nothing behind")
  func hash() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { .file(bytes, $0) }
    let good = try bench.hashedName()
    try await bench.download(server.url(good))
    #expect(try bench.contents(String(good.dropFirst())) == bytes)
    let before = try bench.names
    #expect(try await bench.failure(server.url("/m-0123abcd.pth")) == .hashMismatch)
    #expect(try bench.names == before)
    try await bench.download(server.url("/m-0123abcd.pth"), Bench.options(hash: .none))
    #expect(try await bench.failure(server.url("/n.pth"), Bench.options(hash: .prefix("0123"))) == .hashMismatch)
  }

  @Test("a file name of one's own keeps two URLs apart")
  func ownName() async throws {
    let server = try LoopbackServer { LoopbackServer.Reply(body: Data($0.path.utf8)) }
    var options = Bench.options()
    options.fileName = "a.bin"
    try await bench.download(server.url("/a/pytorch_model.bin"), options)
    options.fileName = "b.bin"
    try await bench.download(server.url("/b/pytorch_model.bin"), options)
    #expect(try bench.names == ["a.bin", "b.bin"])
    #expect(try bench.contents("b.bin") == Data("/b/pytorch_model.bin".utf8))
  }

  @Test("percent escapes stay in the name, as torch has it")
  func escapes() async throws {
    let server = try LoopbackServer { LoopbackServer.Reply(body: Data($0.path.utf8)) }
    try await bench.download(server.url("/a%20b%2Fc.pth?x"))
    #expect(try bench.names == ["a%20b%2Fc.pth"])
    #expect(try bench.contents("a%20b%2Fc.pth") == Data("/a%20b%2Fc.pth?x".utf8))
  }

  @Test("offline, the cache is used, and what is not in it is said")
  func offline() async throws {
    let server = try LoopbackServer { _ in LoopbackServer.Reply(body: Data("x".utf8)) }
    try bench.put(Data("here".utf8), as: "here.pth")
    var options = Bench.options()
    options.isOffline = true
    #expect(try await bench.failure(server.url("/here.pth"), options) == nil)
    #expect(try await bench.failure(server.url("/m.pth"), options) == .notCached)
    #expect(server.requests.isEmpty)
    #expect(try bench.names == ["here.pth"])
  }

  @Test("plain http is refused unless it is allowed, and other schemes always")
  func schemes() async throws {
    let server = try LoopbackServer { _ in LoopbackServer.Reply(body: Data("x".utf8)) }
    #expect(try await bench.failure(server.url("/m.pth"), DownloadOptions()) == .insecureURL)
    #expect(try await bench.failure(#require(URL(string: "ftp://127.0.0.1/m.pth"))) == .unsupported)
    #expect(try await bench.failure(#require(URL(string: "file:///m.pth"))) == .unsupported)
    #expect(server.requests.isEmpty)
  }

  @Test("one download serves all who ask at once")
  func atOnce() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(bytes, request)
      reply.pieces = 10
      reply.pause = 0.03
      return reply
    }
    let url = try server.url("/m.pth")
    try await withThrowingTaskGroup(of: Data.self) { group in
      for _ in 0..<4 {
        group.addTask { [bench] in try await Data(contentsOf: bench.download(url)) }
      }
      for try await data in group { #expect(data == bytes) }
    }
    #expect(server.requests.count == 1)
    #expect(try bench.names == ["m.pth"])
  }

  @Test("whoever waits takes over when the one that downloads gives up")
  func takeOver() async throws {
    let bytes = bench.bytes
    let count = Locked(0)
    let server = try LoopbackServer { request in
      let isFirst = count.withLock { count in
        count += 1
        return count == 1
      }
      var reply = LoopbackServer.Reply.file(bytes, request)
      if isFirst {
        reply.cut = 100_000
        reply.pieces = 4
        reply.pause = 0.1
      }
      return reply
    }
    let url = try server.url("/m.pth")
    let first = Task { [bench] in try await bench.failure(url) }
    while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    try await bench.download(url)
    #expect(try await first.value == .connectionFailed)
    #expect(try bench.contents("m.pth") == bytes)
    #expect(server.requests.map(\.rangeStart) == [nil, 100_000])
  }
}
