#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A message from `pth2swt-fetch` to the command that started it: a line of JSON on standard output.
///
///     {"progress":{"completedBytes":1048576,"name":"model.pth","totalBytes":167502836}}
///     {"file":{"isNew":true,"path":"/home/ada/.cache/torch/hub/checkpoints/model.pth"}}
package enum FetchMessage: Codable, Sendable, Equatable {
  /// The progress of the download.
  case progress(completedBytes: Int, totalBytes: Int?, name: String)
  /// The path of the file, and whether it was downloaded now.
  case file(path: String, isNew: Bool)
  /// Parts of the file can be asked for; its size, and its address: of a file on Hugging Face, with the commit.
  case opened(bytes: Int, address: String)
  /// The part that was asked for is there; the number of requests and bytes so far.
  case arrived(requests: Int, bytes: Int)
  /// The download failed with a `CheckpointError`.
  case failure(code: String, message: String, file: String?, remedy: String?)

  /// Decodes a line; nil if it is not a message.
  package init?(line: some Collection<UInt8>) {
    guard let message = try? JSONDecoder().decode(Self.self, from: Data(line)) else { return nil }
    self = message
  }
}
