import CPth2swtZlib
import Foundation
import StateDicts
import Testing

@testable import TorchHub

/// Bodies that do not end, and compressed bodies, which nobody asked for, that grow.
struct EndlessBodyTests {
  private let bench: Bench

  init() throws {
    bench = try Bench()
  }

  private func packed(_ bytes: Data) throws -> Data {
    var target = [UInt8](repeating: 0, count: bytes.count + 1000)
    var count = uLongf(target.count)
    let status = unsafe bytes.withUnsafeBytes { source in
      let pointer = unsafe source.bindMemory(to: UInt8.self).baseAddress
      return unsafe compress(&target, &count, pointer, uLong(bytes.count))
    }
    #expect(status == Z_OK)
    return Data(target.prefix(Int(count)))
  }

  private static let inflating = ["Content-Encoding": "deflate"]

  @Test("a body without a length that does not end is refused at the limit, and nothing is left")
  func endless() async throws {
    let server = try LoopbackServer { _ in
      LoopbackServer.Reply(fields: ["Content-Length": "", "ETag": "\"one\""], body: Data(count: 50_000_000))
    }
    var options = Bench.options(retries: 3)
    options.unannouncedByteCount = 100_000
    let error = await #expect(throws: CheckpointError(.limitExceeded, "")) {
      try await bench.download(server.url("/m.pth"), options)
    }
    #expect(error?.message.contains("more than 100000 bytes") == true)
    #expect(error?.remedy?.contains("--limit-factor") == true)
    #expect(server.requests.count == 1)
    #expect(try bench.names == [])
  }

  @Test("a body that goes on beyond the announced size when a download is resumed is refused")
  func beyondTheEnd() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(bytes, request)
      if request.rangeStart == nil { return reply.cut(after: 50_000) }
      reply.fields["Content-Length"] = ""
      reply.body += Data(count: 50_000_000)
      return reply
    }
    let error = await #expect(throws: CheckpointError(.httpStatus, "")) {
      try await bench.download(server.url("/m.pth"), Bench.options(retries: 1))
    }
    #expect(error?.message.contains("more than the 300007 bytes") == true)
    #expect(!(try bench.names.contains("m.pth")))
  }

  @Test("a compressed body is unpacked, and may not be larger than a file of unknown size")
  func packedBody() async throws {
    let (bytes, packed) = (bench.bytes, try packed(bench.bytes))
    let server = try LoopbackServer { _ in LoopbackServer.Reply(fields: Self.inflating, body: packed) }
    try await bench.download(server.url("/m.pth"))
    #expect(try bench.contents("m.pth") == bytes)
    var options = Bench.options()
    options.unannouncedByteCount = bytes.count - 1
    #expect(try await bench.failure(server.url("/n.pth"), options) == .limitExceeded)
    options.unannouncedByteCount = bytes.count
    #expect(try await bench.failure(server.url("/n.pth"), options) == nil)
    #expect(try bench.names == ["m.pth", "n.pth"])
  }

  @Test("a compressed body that grows a thousandfold is refused, and nothing is left")
  func bomb() async throws {
    let bomb = try packed(Data(count: 100 << 20))
    let server = try LoopbackServer { _ in LoopbackServer.Reply(fields: Self.inflating, body: bomb) }
    let error = await #expect(throws: CheckpointError(.limitExceeded, "")) {
      try await bench.download(server.url("/m.pth"), Bench.options(retries: 3))
    }
    #if os(Linux)
      #expect(error?.message.contains("100-fold") == true)
    #endif
    #expect(server.requests.count == 1)
    #expect(try bench.names == [])
  }

  @Test("a compressed part is no part of the file: a resumed download starts again, and reading of parts is refused")
  func packedPart() async throws {
    let bytes = bench.bytes
    let packed = try packed(bytes)
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(bytes, request)
      if request.rangeStart == nil, request.path == "/m.pth", request.fields["range"] == nil {
        return reply.cut(after: 50_000)
      }
      if request.path == "/parts.pth" { reply = .part(bytes, request) }
      reply.fields.merge(Self.inflating) { $1 }
      reply.body = packed
      return reply
    }
    #expect(try await bench.failure(server.url("/m.pth"), Bench.options(retries: 1)) == .connectionFailed)
    #expect(server.requests.map(\.rangeStart) == [nil, 50_000, nil])
    let error = await #expect(throws: CheckpointError(.httpStatus, "")) {
      try await RemoteFile(at: server.url("/parts.pth"), options: Bench.options())
    }
    #expect(error?.message.contains("compressed part") == true)
  }

  @Test("a server that sends less than 4096 bytes in a second is given up, apart from the time that waiting may take")
  func slow() throws {
    let options = DownloadOptions(connectSeconds: 10, firstByteSeconds: 20, idleSeconds: 30)
    let url = try #require(URL(string: "https://a.b/m.pth"))
    let pace = Pace(options)
    try pace.check(0, after: .seconds(60), url)
    #expect(throws: CheckpointError(.connectionFailed, "")) { try pace.check(4095, after: .seconds(61), url) }
    try pace.check(4096, after: .seconds(61), url)
    #expect(throws: CheckpointError(.connectionFailed, "")) { try pace.check(4096 * 939, after: .seconds(1000), url) }
    try pace.check(4096 * 940, after: .seconds(1000), url)
    // What a server may take that is asked three times.
    try Pace(options, attempts: 3).check(0, after: .seconds(240), url)
  }
}
