import Foundation
import StateDicts
import Testing
import TorchHub

struct ResumeTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
  }

  /// A server whose first reply breaks after 120,000 bytes; what it gives then is the case's.
  private func server(
    first: Data? = nil, tag: String? = "\"one\"",
    then: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply
  ) throws -> LoopbackServer {
    let bytes = first ?? bench.bytes
    let count = Locked(0)
    return try LoopbackServer { request in
      let isFirst = count.withLock { count in
        count += 1
        return count == 1
      }
      return isFirst ? .file(bytes, request, tag: tag).cut(after: 120_000) : then(request)
    }
  }

  @Test("a broken connection is taken up again in the same call")
  func inOneCall() async throws {
    let bytes = bench.bytes
    let server = try server { .file(bytes, $0) }
    let reports = Locked<[ByteProgress]>([])
    try await bench.download(server.url("/m.pth"), Bench.options(retries: 2)) { report in
      reports.withLock { $0.append(report) }
    }
    #expect(try bench.contents("m.pth") == bytes)
    #expect(server.requests.map(\.rangeStart) == [nil, 120_000])
    #expect(server.requests.last?.fields["if-range"] == "\"one\"")
    #expect(reports.withLock { $0.last?.resumedByteCount } == 120_000)
    #expect(try bench.names == ["m.pth"])
  }

  @Test("what a broken download leaves is no file, and the next call goes on from it")
  func inTheNextCall() async throws {
    let bytes = bench.bytes
    let server = try server { .file(bytes, $0) }
    let name = try bench.hashedName()
    #expect(try await bench.failure(server.url(name)) == .connectionFailed)
    #expect(try bench.names == ["\(name.dropFirst()).part", "\(name.dropFirst()).part.json"])
    try await bench.download(server.url(name))
    #expect(try bench.contents(String(name.dropFirst())) == bytes)
    #expect(server.requests.map(\.rangeStart) == [nil, 120_000])
    #expect(try bench.names == [String(name.dropFirst())])
  }

  @Test("a connection that breaks again and again still ends, as long as bytes come")
  func flaky() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { .file(bytes, $0).cut(after: 40_000) }
    try await bench.download(server.url("/m.pth"), Bench.options(retries: 1))
    #expect(try bench.contents("m.pth") == bytes)
    #expect(server.requests.count == 8)
  }

  @Test("a file that changed meanwhile is begun anew", arguments: [true, false])
  func changed(heedsIfRange: Bool) async throws {
    let other = Bench.bytes(seed: 2)
    let server = try server { .file(other, $0, tag: "\"two\"", heedsIfRange: heedsIfRange) }
    try await bench.download(server.url("/m.pth"), Bench.options(retries: 1))
    #expect(try bench.contents("m.pth") == other)
    #expect(server.requests.map(\.rangeStart) == (heedsIfRange ? [nil, 120_000] : [nil, 120_000, nil]))
  }

  @Test("a server that knows no ranges sends it all once more")
  func noRanges() async throws {
    let bytes = bench.bytes
    let server = try server { .file(bytes, $0, heedsRange: false) }
    try await bench.download(server.url("/m.pth"), Bench.options(retries: 1))
    #expect(try bench.contents("m.pth") == bytes)
  }

  @Test("a server that answers 416 is asked for the whole")
  func unsatisfiable() async throws {
    let bytes = bench.bytes
    let server = try server { request in
      request.rangeStart == nil ? .file(bytes, request) : LoopbackServer.Reply(status: 416)
    }
    try await bench.download(server.url("/m.pth"), Bench.options(retries: 1))
    #expect(try bench.contents("m.pth") == bytes)
  }

  @Test("nothing is joined that no validator and no hash vouches for")
  func noValidator() async throws {
    let bytes = bench.bytes
    let server = try server(tag: nil) { .file(bytes, $0, tag: nil) }
    #expect(try await bench.failure(server.url("/m.pth")) == .connectionFailed)
    #expect(try bench.names == [])
    try await bench.download(server.url("/m.pth"))
    #expect(server.requests.map(\.rangeStart) == [nil, nil])
    #expect(try bench.contents("m.pth") == bytes)
  }

  @Test("a weak ETag is no validator")
  func weakTag() async throws {
    let bytes = bench.bytes
    let server = try server(tag: "W/\"one\"") { .file(bytes, $0, tag: "W/\"one\"") }
    try await bench.download(server.url("/m.pth"), Bench.options(retries: 1))
    #expect(server.requests.map(\.rangeStart) == [nil, nil])
    #expect(try bench.contents("m.pth") == bytes)
  }

  @Test("with a hash in the name, parts of two versions are found out and fetched whole")
  func joinedWrongly() async throws {
    let bytes = bench.bytes
    let server = try server(first: Bench.bytes(seed: 2), tag: nil) { .file(bytes, $0, tag: nil) }
    let name = try bench.hashedName()
    try await bench.download(server.url(name), Bench.options(retries: 1))
    #expect(try bench.contents(String(name.dropFirst())) == bytes)
    #expect(server.requests.map(\.rangeStart) == [nil, 120_000, nil])
  }

  @Test("a wrong hash over a connection that breaks is an error in the end")
  func wrongAndFlaky() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { .file(bytes, $0).cut(after: 200_000) }
    #expect(try await bench.failure(server.url("/m-0123abcd.pth"), Bench.options(retries: 1)) == .hashMismatch)
    #expect(server.requests.map(\.rangeStart) == [nil, 200_000, nil, 200_000])
    #expect(try bench.names == [])
  }

  @Test("the part of another URL's file is not gone on with")
  func otherURL() async throws {
    let bytes = bench.bytes
    let server = try server { .file(bytes, $0) }
    #expect(try await bench.failure(server.url("/a/m.pth")) == .connectionFailed)
    try await bench.download(server.url("/b/m.pth"))
    #expect(server.requests.map(\.rangeStart) == [nil, nil])
    #expect(try bench.contents("m.pth") == bytes)
  }

  @Test("a part longer than the file, or without a record that makes sense, is dropped", arguments: ["", "{}"])
  func strangePart(record: String) async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { .file(bytes, $0) }
    try bench.put(Data(count: 400_000), as: "m.pth.part")
    try bench.put(Data(record.utf8), as: "m.pth.part.json")
    try await bench.download(server.url("/m.pth"))
    #expect(try bench.contents("m.pth") == bytes)
    #expect(server.requests.map(\.rangeStart) == [nil])
    #expect(try bench.names == ["m.pth"])
  }

  @Test("a cancelled download ends at once, and can be gone on with")
  func cancelled() async throws {
    let bytes = bench.bytes
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(bytes, request)
      if request.rangeStart == nil {
        reply.pieces = 300
        reply.pause = 0.2
      }
      return reply
    }
    let url = try server.url("/m.pth")
    let reports = Locked(0)
    let task = Task { [bench] in
      try await bench.download(url) { _ in reports.withLock { $0 += 1 } }
    }
    while reports.withLock({ $0 }) < 3 { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try bench.names == ["m.pth.part", "m.pth.part.json"])
    try await bench.download(url)
    #expect(try bench.contents("m.pth") == bytes)
    #expect(try #require(server.requests.last?.rangeStart) > 0)
  }

  @Test("a task that is cancelled already asks nobody")
  func cancelledBefore() async throws {
    let server = try LoopbackServer { .file(Data("x".utf8), $0) }
    let url = try server.url("/m.pth")
    let task = Task { [bench] in
      while !Task.isCancelled { await Task.yield() }
      try await bench.download(url)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(server.requests.isEmpty)
    #expect(try bench.names == [])
  }
}
