import Foundation
import StateDicts
import Testing

/// Commands on URLs, of which they read the parts that they need.
struct RemoteCommandTests {
  private let bench: Bench
  /// A file of 60 tensors of 100 kB, in torch's format and as safetensors.
  private let files: [String: Data]

  init() throws {
    bench = try Bench()
    var tensors: [(String, Tensor)] = []
    for number in 0..<60 {
      let values = (0..<25_000).map { Float($0 &* 31 ^ number &* 7919) }
      tensors.append(("layer.\(number).weight", try Tensor(values, shape: [250, 100])))
    }
    let stateDict = try StateDict(tensors)
    var files: [String: Data] = [:]
    for name in ["m.pth", "m.safetensors"] {
      let url = bench.folder.appendingPathComponent(name)
      try stateDict.write(to: url)
      files["/" + name] = try Data(contentsOf: url)
    }
    var shards = WriteOptions()
    shards.maxShardByteCount = 2_100_000
    try stateDict.write(to: bench.folder.appendingPathComponent("shards"), options: shards)
    for name in try FileManager.default.contentsOfDirectory(atPath: bench.folder.path + "/shards") {
      files["/shards/" + name] = try Data(contentsOf: bench.folder.appendingPathComponent("shards/" + name))
    }
    self.files = files
  }

  private func server(
    change: @escaping @Sendable (Int, inout LoopbackServer.Reply) -> Void = { _, _ in }
  ) throws -> LoopbackServer {
    let files = files
    let count = Locked(0)
    return try LoopbackServer { request in
      let number = count.withLock { count in
        count += 1
        return count
      }
      guard let bytes = files[request.path] else { return LoopbackServer.Reply(status: 404) }
      var reply = LoopbackServer.Reply.part(bytes, request)
      change(number, &reply)
      return reply
    }
  }

  private func pth2swt(_ arguments: String...) throws -> Bench.Outcome {
    try bench.run("pth2swt", arguments, ["TMPDIR": bench.folder.path])
  }

  private func path(_ name: String) -> String { bench.folder.appendingPathComponent(name).path }

  @Test(
    "inspect reads the directory, the header and the pickle: the report is that of the file",
    arguments: ["m.pth", "m.safetensors"])
  func inspect(_ name: String) throws {
    let server = try server()
    let url = try server.url("/" + name).absoluteString
    let remote = try pth2swt("inspect", "--json", "--allow-http", url)
    #expect(remote.status == 0, "\(remote.errors)")
    let local = try pth2swt("inspect", "--json", path(name))
    #expect(remote.output.replacing(url, with: path(name)) == local.output)
    #expect(server.requests.count <= 4 && remote.errors.contains("of 6.") && remote.errors.contains("request"))
    // Neither the cache nor a temporary file is there.
    #expect(try bench.names == ["m.pth", "m.safetensors", "shards"])
  }

  @Test("the shards behind an index are read where they are, each from its end and its beginning")
  func shards() throws {
    let server = try server()
    let url = try server.url("/shards/model.safetensors.index.json").absoluteString
    let remote = try pth2swt("inspect", "--json", "--allow-http", url)
    #expect(remote.status == 0, "\(remote.errors)")
    let index = path("shards/model.safetensors.index.json")
    let local = try pth2swt("inspect", "--json", index)
    #expect(remote.output.replacing(url, with: index) == local.output)
    // Of the index one, which is short.
    #expect(server.requests.count == 1 + 2 * 3)
    let run = try pth2swt("convert", "--allow-http", "--keep", "layer.30.*", url, path("one.npz"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(try pth2swt("convert", "--keep", "layer.30.*", index, path("local.npz")).status == 0)
    #expect(FileManager.default.contentsEqual(atPath: path("one.npz"), andPath: path("local.npz")))
  }

  @Test(
    "an index that lists a file elsewhere, or one that is not there, is refused",
    arguments: ["../x", "/etc/passwd", "none"])
  func badIndex(_ name: String) throws {
    let index = Data(#"{"weight_map": {"a": "\#(name)"}}"#.utf8)
    let server = try server { number, reply in
      if number == 1 {
        reply.fields["Content-Range"] = "bytes 0-\(index.count - 1)/\(index.count)"
        reply.body = index
      }
    }
    let url = try server.url("/shards/model.safetensors.index.json").absoluteString
    let run = try pth2swt("inspect", "--allow-http", url)
    #expect([65, 66].contains(run.status), "\(run.errors)")
  }

  @Test(
    "one tensor takes at most two more requests, and many that lie side by side few",
    arguments: ["m.pth", "m.safetensors"])
  func keep(_ name: String) throws {
    let server = try server()
    let url = try server.url("/" + name).absoluteString
    let one = try pth2swt("convert", "--allow-http", "--keep", "layer.30.*", url, path("one.npz"))
    #expect(one.status == 0, "\(one.errors)")
    #expect(server.requests.count <= 6)
    let bytes = server.requests.count
    let many = try pth2swt("convert", "--allow-http", "--keep", "layer.2*", url, path("many.npz"))
    #expect(many.status == 0 && server.requests.count - bytes <= 14)
    for (pattern, output) in [("layer.30.*", "one"), ("layer.2*", "many")] {
      #expect(try pth2swt("convert", "--keep", pattern, path(name), path("local-\(output).npz")).status == 0)
      #expect(
        FileManager.default.contentsEqual(atPath: path("\(output).npz"), andPath: path("local-\(output).npz")),
        "\(output)")
    }
  }

  @Test("a server without ranges is said to be one, and --download helps")
  func noRanges() throws {
    let bytes = files["/m.pth"] ?? Data()
    let server = try LoopbackServer { .file(bytes, $0, heedsRange: false) }
    let url = try server.url("/m.pth").absoluteString
    let refused = try pth2swt("inspect", "--allow-http", url)
    #expect(refused.status == 74 && refused.errors.contains("--download"))
    #expect(try pth2swt("inspect", "--allow-http", "--download", url).status == 0)
    // From then on it is in the cache.
    let count = server.requests.count
    #expect(try pth2swt("inspect", "--allow-http", url).status == 0)
    #expect(server.requests.count == count)
  }

  @Test("a file that changes while it is read is an error, and nothing is written")
  func changes() throws {
    let server = try server { number, reply in if number > 3 { reply.fields["ETag"] = "\"two\"" } }
    let url = try server.url("/m.pth").absoluteString
    let run = try pth2swt("convert", "--allow-http", "--keep", "layer.30.*", url, path("one.swt"))
    #expect(run.status == 74 && run.errors.contains("changed"))
    #expect(!FileManager.default.fileExists(atPath: path("one.swt")))
  }

  @Test("a record whose bytes do not have their CRC-32 is refused")
  func damaged() throws {
    let server = try server { number, reply in
      if number > 3 { reply.body = Data(reply.body.map { $0 == 0x41 ? 0x40 : $0 }) }
    }
    let url = try server.url("/m.pth").absoluteString
    let run = try pth2swt("convert", "--allow-http", "--keep", "layer.30.*", url, path("one.swt"))
    #expect(run.status == 65, "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: path("one.swt")))
  }
}
