import Foundation

/// What a download needs to know of a response before its body arrives (RFC 9110).
struct ResponseHead: Sendable, Equatable {
  /// The bytes that a 206 response holds: `Content-Range: bytes 100-199/200`.
  struct ContentRange: Sendable, Equatable {
    let start: Int64
    /// How many bytes the whole file has; nil for `*`.
    let total: Int64?

    init?(_ text: String) {
      let parts = text.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
      let numbers = parts[1].split(whereSeparator: { $0 == "-" || $0 == "/" })
      guard numbers.count == 3, let start = Int64(numbers[0]) else { return nil }
      self.start = start
      total = Int64(numbers[2])
    }
  }

  let status: Int
  /// How many bytes the body has, where the server says so and they are the file's own.
  let byteCount: Int64?
  /// Whether the body is compressed for the way (`Content-Encoding`); the client unpacks it.
  let isPacked: Bool
  let range: ContentRange?
  /// A strong ETag, or else the date of the last change: what `If-Range` takes.
  let validator: String?
  let mediaType: String
  let location: String?
  /// How many seconds to wait before asking again.
  let retryAfter: Int?
  let hub: HubFields

  /// What Hugging Face's server says beside (`huggingface_hub/constants.py`).
  struct HubFields: Sendable, Equatable {
    /// The commit of the file.
    let commit: String?
    /// The ETag of the file itself, also on a redirect to it.
    let tag: String?
    let byteCount: Int64?
    /// Why the answer is an error: RepoNotFound, GatedRepo, RevisionNotFound, EntryNotFound.
    let errorCode: String?
  }

  init(status: Int, field: (String) -> String?) {
    self.status = status
    // The length of a packed body is that of the packed bytes.
    isPacked = field("Content-Encoding").map { $0.lowercased() != "identity" } ?? false
    byteCount = isPacked ? nil : field("Content-Length").flatMap { Int64($0) }
    range = field("Content-Range").flatMap { ContentRange($0) }
    let tag = field("ETag").flatMap { $0.hasPrefix("W/") ? nil : $0 }
    validator = isPacked ? nil : tag ?? field("Last-Modified")
    mediaType = String((field("Content-Type") ?? "").lowercased().prefix { $0 != ";" && $0 != " " })
    location = field("Location")
    retryAfter = field("Retry-After").flatMap { Int($0) }
    hub = HubFields(
      commit: field("X-Repo-Commit"), tag: field("X-Linked-Etag") ?? field("ETag"),
      byteCount: field("X-Linked-Size").flatMap { Int64($0) }, errorCode: field("X-Error-Code"))
  }
}
