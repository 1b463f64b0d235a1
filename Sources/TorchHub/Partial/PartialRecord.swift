import Digests
import Foundation
import StateDicts

/// What is known of a file of which a part has arrived; kept as `NAME.part.json`.
struct PartialRecord: Codable, Sendable, Equatable {
  /// The SHA-256 of the URL. (A signed URL is a password of sorts, and does not belong in a cache folder.)
  let source: String
  /// What the server calls this version of the file: a strong ETag, or else the date of its last change.
  let validator: String?
  /// How many bytes the whole file has; nil if the server does not say.
  let totalBytes: Int64?

  init(source: URL, validator: String?, totalBytes: Int64?) throws(CheckpointError) {
    self.source = try SHA256.hexDigest(of: Data(source.absoluteString.utf8))
    self.validator = validator
    self.totalBytes = totalBytes
  }

  /// The record in a file; nil if there is no valid one.
  init?(at url: URL) {
    guard let data = try? Data(contentsOf: url), let record = try? JSONDecoder().decode(Self.self, from: data) else {
      return nil
    }
    self = record
  }

  func write(to url: URL) throws(CheckpointError) {
    do {
      try JSONEncoder().encode(self).write(to: url, options: .atomic)
    } catch {
      throw CheckpointError(
        .cannotCreate, "The state of the download cannot be saved: \(error.localizedDescription)", file: url.path)
    }
  }
}
