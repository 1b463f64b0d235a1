#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What `pth2swt-fetch` tells the command that started it: a line of JSON each, on standard output.
///
///     {"progress":{"completedBytes":1048576,"totalBytes":167502836}}
///     {"file":{"isNew":true,"path":"/home/ada/.cache/torch/hub/checkpoints/model.pth"}}
package enum FetchMessage: Codable, Sendable, Equatable {
  /// So much has arrived.
  case progress(completedBytes: Int64, totalBytes: Int64?)
  /// The file is here; it is new unless it was there before.
  case file(path: String, isNew: Bool)
  /// There will be no file, for the reason that a `CheckpointError` gives.
  case failure(code: String, message: String, file: String?, remedy: String?)

  /// The message that a line holds; nil if it holds none.
  package init?(line: some Collection<UInt8>) {
    guard let message = try? JSONDecoder().decode(Self.self, from: Data(line)) else { return nil }
    self = message
  }
}
