import Foundation
import StateDicts
import Testing

@testable import TorchHub

/// Files of a server with Hugging Face's routes, in a cache with its layout.
struct HuggingFaceDownloadTests {
  private let bench: Bench
  private var home: URL { bench.folder }

  init() throws {
    bench = try Bench()
  }

  private static let index = Data(
    #"{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"#.utf8)

  private func address(_ rest: String = "") throws -> HuggingFaceAddress {
    try HuggingFaceAddress("hf://\(HubServer.repository)\(rest)")
  }

  private func failure(_ address: HuggingFaceAddress, _ hub: HuggingFaceHub) async -> CheckpointError? {
    do {
      _ = try await downloadWeights(from: address, on: hub, options: Bench.options())
      return nil
    } catch {
      return error as? CheckpointError
    }
  }

  private var cached: String { "hub/models--ada--tiny-model" }

  @Test(
    "a file comes through a link to a blob, and the branch is noted; then nobody is asked", arguments: [100, 300_007])
  func layout(size: Int) async throws {
    let bytes = bench.bytes.prefix(size)
    let server = try HubServer(["sub/m.pth": Data(bytes)])
    let hub = try server.hub(home, token: "hf_s3cret")
    let file = try await downloadWeights(from: address("/sub/m.pth"), on: hub, options: Bench.options())
    #expect(try Data(contentsOf: file) == bytes)
    #expect(file.path == home.path + "/\(cached)/snapshots/\(HubServer.commit)/sub/m.pth")
    let link = try FileManager.default.destinationOfSymbolicLink(atPath: file.path)
    #expect(link.hasPrefix("../../../blobs/"))
    #expect(try bench.contents("\(cached)/refs/main") == Data(HubServer.commit.utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/\(cached)/blobs").count == 1)
    // The token is the endpoint's alone.
    #expect(server.endpoint.requests.allSatisfy { $0.fields["authorization"] == "Bearer hf_s3cret" })
    #expect(server.storage.requests.allSatisfy { $0.fields["authorization"] == nil })
    #expect(server.storage.requests.count == (size > 10_000 ? 1 : 0))
    let count = server.endpoint.requests.count
    for rest in ["/sub/m.pth", "@\(HubServer.commit)/sub/m.pth"] {
      #expect(try await downloadWeights(from: address(rest), on: server.hub(home, isOffline: true)) == file)
    }
    #expect(server.endpoint.requests.count == count)
  }

  @Test("of a folder comes what a library would load, with all shards of an index")
  func folders() async throws {
    let large = bench.bytes
    let server = try HubServer([
      "model.safetensors.index.json": Self.index, "model-00001-of-00002.safetensors": large,
      "model-00002-of-00002.safetensors": Data([1, 2]), "README.md": Data([3]), "onnx/model.bin": Data([4]),
      "onnx/model.safetensors": Data([5]),
    ])
    let hub = try server.hub(home)
    let index = try await downloadWeights(from: address(), on: hub, options: Bench.options())
    #expect(index.lastPathComponent == "model.safetensors.index.json")
    let shard = index.deletingLastPathComponent().appendingPathComponent("model-00001-of-00002.safetensors")
    #expect(try Data(contentsOf: shard) == large)
    let names = try FileManager.default.contentsOfDirectory(atPath: index.deletingLastPathComponent().path)
    #expect(names.count == 3)
    let offline = try server.hub(home, isOffline: true)
    #expect(try await downloadWeights(from: address(), on: offline) == index)
    let below = try await downloadWeights(from: address("/onnx"), on: hub, options: Bench.options())
    #expect(try Data(contentsOf: below) == Data([5]))
    #expect(try await downloadWeights(from: address("@main/onnx/"), on: offline) == below)
    // An index with a missing shard is not all of it, and the rest is fetched alone.
    try FileManager.default.removeItem(at: shard)
    #expect(await failure(try address(), offline)?.code == .notCached)
    let before = server.storage.requests.count
    #expect(try await downloadWeights(from: address(), on: hub, options: Bench.options()) == index)
    #expect(server.storage.requests.count == before)
    #expect(try Data(contentsOf: shard) == large)
  }

  @Test("revisions with slashes, tags and commits are found again")
  func revisions() async throws {
    let server = try HubServer(["m.pth": bench.bytes])
    let hub = try server.hub(home)
    for revision in ["v1", "refs/pr/1", HubServer.commit] {
      let address = try HuggingFaceAddress(repository: HubServer.repository, revision: revision, path: "m.pth")
      _ = try await downloadWeights(from: address, on: hub, options: Bench.options())
      _ = try await downloadWeights(from: address, on: server.hub(home, isOffline: true))
    }
    #expect(server.storage.requests.count == 1)
    #expect(try bench.contents("\(cached)/refs/refs/pr/1") == Data(HubServer.commit.utf8))
    #expect(!FileManager.default.fileExists(atPath: home.path + "/\(cached)/refs/\(HubServer.commit)"))
  }

  @Test("parts are read at the commit, with the token for the endpoint alone")
  func parts() async throws {
    let bytes = bench.bytes
    let server = try HubServer(["model.safetensors": bytes], token: "hf_s3cret")
    let hub = try server.hub(home, token: "hf_s3cret")
    let found = try await hub.resolve(address(), options: Bench.options())
    #expect(found.description == "hf://\(HubServer.repository)@\(HubServer.commit)/model.safetensors")
    let file = try await RemoteFile(at: found, on: hub, options: Bench.options())
    #expect(file.byteCount == bytes.count)
    #expect(try await file.read(1000..<2000) == bytes[1000..<2000])
    #expect(
      server.storage.requests.count == 2 && server.storage.requests.allSatisfy { $0.fields["authorization"] == nil })
    #expect(try bench.names == [])
  }

  @Test("a renamed repository is followed on the endpoint with the token, and to another server without it")
  func redirects() async throws {
    let bytes = bench.bytes
    let other = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.part(bytes, request, tag: "\"abc\"")
      reply.fields["X-Repo-Commit"] = HubServer.commit
      if request.method == "HEAD" { reply.fields["Content-Length"] = "\(bytes.count)" }
      return reply
    }
    let elsewhere = try other.url("/mirror").absoluteString
    let endpoint = try LoopbackServer { request in
      switch request.path.split(separator: "/").first {
      case "ada": .init(status: 307, fields: ["Location": request.path.replacing("/ada/", with: "/bob/")])
      case "bob": .init(status: 302, fields: ["Location": elsewhere, "ETag": "\"of-the-redirect\""])
      default: .init(status: 404)
      }
    }
    let hub = try HuggingFaceHub(
      endpoint: endpoint.url("").absoluteString, token: "hf_s3cret", cacheFolder: home.appendingPathComponent("hub"))
    let file = try await downloadWeights(from: address("/m.pth"), on: hub, options: Bench.options())
    #expect(try Data(contentsOf: file) == bytes)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: file.path) == "../../blobs/abc")
    #expect(endpoint.requests.map(\.method) == ["HEAD", "HEAD", "GET", "GET"])
    #expect(endpoint.requests.allSatisfy { $0.fields["authorization"] == "Bearer hf_s3cret" })
    #expect(other.requests.count == 2 && other.requests.allSatisfy { $0.fields["authorization"] == nil })
  }

  // MARK: Refusals

  @Test(
    "what the server refuses is explained, with what to do",
    arguments: [
      (401, "RepoNotFound", nil, "does not exist or is private", "HF_TOKEN"),
      (401, "", "hf_t", "does not accept the token", "token"),
      (401, "GatedRepo", nil, "is gated", "accept the conditions"),
      (403, "GatedRepo", "hf_t", "is gated", "account of your token"),
      (403, "", "hf_t", "does not let you read", "a token that may read it"),
      (404, "RepoNotFound", "hf_t", "has no ada/tiny-model", "check the name"),
      (404, "RevisionNotFound", nil, "no branch, tag or commit main", "/tree/main"),
      (404, "EntryNotFound", nil, "has no file m.pth", "/tree/main"),
    ] as [(Int, String, String?, String, String)])
  func refusals(status: Int, code: String, token: String?, message: String, remedy: String) async throws {
    let server = try HubServer([:], refusal: (status, code))
    let error = try #require(await failure(try address("/m.pth"), server.hub(home, token: token)))
    #expect(error.code == (status == 404 ? .notFound : .httpStatus))
    #expect(error.message.contains(message) && error.message.contains("\(status)"), "\(error)")
    #expect(error.remedy?.contains(remedy) == true, "\(error)")
    #expect(!"\(error)".contains("hf_t"))
    #expect(try bench.names == [])
  }

  @Test("a file, a folder or a revision that is not there is named")
  func missing() async throws {
    let server = try HubServer(["sub/x.pth": Data([1])])
    let hub = try server.hub(home)
    #expect(await failure(try address("/none.pth"), hub)?.code == .notFound)
    #expect(await failure(try address("@v9/x.pth"), hub)?.message.contains("v9") == true)
    for rest in ["", "/sub"] { #expect(await failure(try address(rest), hub)?.code == .isDirectory) }
    #expect(await failure(try address("/sub"), hub)?.message.contains("x.pth") == true)
    #expect(await failure(try address("/sub"), try server.hub(home, isOffline: true))?.code == .notCached)
  }

  @Test("what a hostile server says of a file does not become a path")
  func hostile() async throws {
    let bytes = bench.bytes
    func code(_ change: @escaping @Sendable (inout HubServer.Description) -> Void) async throws -> CheckpointError.Code?
    {
      let server = try HubServer(["m.pth": bytes], change: change)
      return await failure(try address("/m.pth"), try server.hub(home))?.code
    }
    for commit in ["../../../x", "main", "", String(repeating: "A", count: 40)] {
      #expect(try await code { $0.commit = commit } == .httpStatus, "\(commit)")
    }
    for tag in ["\"../../x\"", "\"/etc/x\"", "\"..\"", "\"\""] {
      #expect(try await code { $0.tag = tag } == .httpStatus, "\(tag)")
    }
    // Another size and other bytes than it says.
    #expect(try await code { $0.fields["X-Linked-Size"] = "300008" } == .httpStatus)
    #expect(try await code { $0.tag = "\"\(String(repeating: "a", count: 64))\"" } == .hashMismatch)
    // Nothing but empty folders.
    let files = FileManager.default.enumerator(at: home, includingPropertiesForKeys: [.isRegularFileKey])?.allObjects
    #expect(files?.contains { ($0 as? URL)?.pathExtension != "" } == false)
    #expect(FileManager.default.fileExists(atPath: home.deletingLastPathComponent().path + "/x") == false)
  }

  @Test(
    "an index that lists a file elsewhere is refused", arguments: ["../x", "/etc/passwd", "a/../../x", "a\\\\b", ""])
  func hostileIndex(name: String) async throws {
    let server = try HubServer([
      "model.safetensors.index.json": Data(#"{"weight_map": {"a": "\#(name)"}}"#.utf8)
    ])
    #expect(await failure(try address(), try server.hub(home))?.code == .unsupported)
  }

  @Test("http is refused unless it is allowed, and files that the cache has in another way are found")
  func plainHTTP() async throws {
    let server = try HubServer(["m.pth": bench.bytes])
    let hub = try server.hub(home, token: "hf_s3cret")
    for rest in ["/m.pth", ""] {
      await #expect(throws: CheckpointError(.insecureURL, "")) {
        try await downloadWeights(from: address(rest), on: hub)
      }
    }
    #expect(server.endpoint.requests.isEmpty)
    // A copy where there are no links.
    let snapshot = home.appendingPathComponent("\(cached)/snapshots/\(HubServer.commit)")
    try FileManager.default.createDirectory(at: snapshot, withIntermediateDirectories: true)
    try bench.put(bench.bytes, as: "\(cached)/snapshots/\(HubServer.commit)/m.pth")
    #expect(await failure(try address("/m.pth"), try server.hub(home, isOffline: true))?.code == .notCached)
    let refs = home.appendingPathComponent("\(cached)/refs")
    try FileManager.default.createDirectory(at: refs, withIntermediateDirectories: true)
    try bench.put(Data("../../x".utf8), as: "\(cached)/refs/main")
    #expect(await failure(try address("/m.pth"), try server.hub(home, isOffline: true))?.code == .notCached)
    try bench.put(Data((HubServer.commit + "\n").utf8), as: "\(cached)/refs/main")
    #expect(await failure(try address("/m.pth"), try server.hub(home, isOffline: true)) == nil)
  }
}
