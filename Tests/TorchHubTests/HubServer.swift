import Digests
import Foundation
import StateDicts
import TorchHub

/// A repository on a server with Hugging Face's routes, and another server for its large files.
final class HubServer: Sendable {
  static let commit = "0123456789abcdef0123456789abcdef01234567"
  static let repository = "ada/tiny-model"

  /// What the endpoint says of a file.
  struct Description: Sendable {
    var commit = HubServer.commit
    var tag: String?
    var fields: [String: String] = [:]
  }

  let endpoint: LoopbackServer
  let storage: LoopbackServer

  /// - Parameters:
  ///   - files: By their paths; those of more than 10,000 bytes are large.
  ///   - token: Without it the repository is private.
  ///   - refusal: An error that every request at the endpoint comes to, status and `X-Error-Code`.
  init(
    _ files: [String: Data], token: String? = nil, refusal: (Int, String)? = nil,
    change: @escaping @Sendable (inout Description) -> Void = { _ in }
  ) throws {
    let byDigest = Dictionary(
      uniqueKeysWithValues: try files.values.map { (try SHA256.hexDigest(of: $0), $0) }.reduce(into: [String: Data]()) {
        $0[$1.0] = $1.1
      }.map { ($0.key, $0.value) })
    storage = try LoopbackServer { request in
      guard let bytes = byDigest[String(request.path.dropFirst(6).prefix { $0 != "?" })] else {
        return .init(status: 404)
      }
      return .part(bytes, request)
    }
    let large = try storage.url("/blob/").absoluteString
    endpoint = try LoopbackServer { request in
      func refuse(_ status: Int, _ code: String) -> LoopbackServer.Reply {
        LoopbackServer.Reply(status: status, fields: ["X-Error-Code": code])
      }
      if let refusal { return refuse(refusal.0, refusal.1) }
      if let token, request.fields["authorization"] != "Bearer \(token)" { return refuse(401, "RepoNotFound") }
      let revisions = ["main", "v1", "refs%2Fpr%2F1", Self.commit]
      let route = "/\(Self.repository)/resolve/"
      let about = "/api/models/\(Self.repository)"
      if request.path.hasPrefix(about + "/tree/") {
        // huggingface_hub asks for it before it downloads a whole repository.
        let rows = files.map { path, bytes in
          let digest = (try? SHA256.hexDigest(of: bytes)) ?? ""
          let lfs =
            bytes.count > 10_000
            ? ", \"lfs\": {\"oid\": \"\(digest)\", \"size\": \(bytes.count), \"pointerSize\": 130}" : ""
          return
            "{\"type\": \"file\", \"path\": \"\(path)\", \"size\": \(bytes.count), \"oid\": \"\(digest.prefix(40))\"\(lfs)}"
        }
        return LoopbackServer.Reply(
          fields: ["Content-Type": "application/json"], body: Data("[\(rows.joined(separator: ", "))]".utf8))
      }
      if request.path == about || request.path.hasPrefix(about + "/revision/") {
        guard request.path == about || revisions.contains(String(request.path.split(separator: "/").last ?? "")) else {
          return refuse(404, "RevisionNotFound")
        }
        let names = files.keys.sorted().map { "{\"rfilename\": \"\($0)\"}" }.joined(separator: ", ")
        let text = "{\"id\": \"\(Self.repository)\", \"sha\": \"\(Self.commit)\", \"siblings\": [\(names)]}"
        return LoopbackServer.Reply(fields: ["Content-Type": "application/json"], body: Data(text.utf8))
      }
      guard request.path.hasPrefix(route) else { return refuse(404, "RepoNotFound") }
      let parts = request.path.dropFirst(route.count).split(separator: "/", maxSplits: 1)
      guard parts.count == 2, revisions.contains(String(parts[0])) else { return refuse(404, "RevisionNotFound") }
      guard let bytes = files[String(parts[1]).removingPercentEncoding ?? ""],
        let digest = try? SHA256.hexDigest(of: bytes)
      else { return refuse(404, "EntryNotFound") }
      var description = Description()
      description.tag = "\"\(bytes.count > 10_000 ? digest : String(digest.prefix(40)))\""
      change(&description)
      var fields = ["X-Repo-Commit": description.commit]
      if bytes.count > 10_000 {
        fields["X-Linked-Etag"] = description.tag
        fields["X-Linked-Size"] = "\(bytes.count)"
        fields["Location"] = large + digest + "?signature=s3cret"
        return LoopbackServer.Reply(
          status: 302, fields: fields.merging(description.fields) { $1 }, body: Data("moved".utf8))
      }
      var reply = LoopbackServer.Reply.part(bytes, request, tag: description.tag ?? "")
      reply.fields.merge(fields.merging(description.fields) { $1 }) { $1 }
      if request.method == "HEAD" { reply.fields["Content-Length"] = "\(bytes.count)" }
      return reply
    }
  }

  var url: String { get throws { try endpoint.url("").absoluteString } }

  /// The environment of a program that uses the server and a cache.
  func variables(_ home: URL) throws -> [String: String] {
    [
      "HF_ENDPOINT": try url, "HF_HOME": home.path, "TMPDIR": home.path, "HF_HUB_CACHE": home.path + "/hub",
      "HF_TOKEN": "", "HF_TOKEN_PATH": home.path + "/token", "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_TELEMETRY": "1",
      "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    ]
  }

  func hub(_ home: URL, token: String? = nil, isOffline: Bool = false) throws -> HuggingFaceHub {
    try HuggingFaceHub(
      endpoint: url, token: token, cacheFolder: home.appendingPathComponent("hub"), isOffline: isOffline)
  }
}

extension LoopbackServer.Reply {
  /// A file as servers with ranges give it: whole, from or to a byte, or its end.
  static func part(_ data: Data, _ request: LoopbackServer.Request, tag: String = "\"one\"") -> Self {
    guard let text = request.fields["range"], text.hasPrefix("bytes=") else {
      return Self(fields: ["ETag": tag], body: data)
    }
    let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let range =
      ends[0].map { $0..<min((ends[1] ?? data.count - 1) + 1, data.count) }
      ?? max(data.count - (ends[1] ?? 0), 0)..<data.count
    return Self(
      status: 206,
      fields: ["ETag": tag, "Content-Range": "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(data.count)"],
      body: data.dropFirst(range.lowerBound).prefix(range.count))
  }
}
