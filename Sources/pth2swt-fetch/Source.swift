import FetchMessages
import Foundation
import StateDicts
import TorchHub

/// Where a file comes from: a URL, with torch's cache folder, or an address on Hugging Face, with that cache.
enum Source {
  case url(URL)
  case huggingFace(HuggingFaceAddress, HuggingFaceHub)

  init(_ text: String) throws {
    if HuggingFaceAddress.isOne(text) {
      self = .huggingFace(try HuggingFaceAddress(text), try HuggingFaceHub())
    } else {
      guard let url = URL(string: text) else { throw CheckpointError(.unsupported, "Not a URL.", file: text) }
      self = .url(url)
    }
  }

  /// The path of the file, which is downloaded if it is not in the cache.
  func download(
    _ options: DownloadOptions, progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) async throws -> URL {
    switch self {
    case .url(let url): try await downloadWeights(from: url, options: options, progress: progress)
    case .huggingFace(let address, let hub):
      try await downloadWeights(from: address, on: hub, options: options, progress: progress)
    }
  }

  /// The file, of which parts are read.
  ///
  /// - Parameter isExact: Whether the address has a commit and a file.
  func parts(_ options: DownloadOptions, isExact: Bool) async throws -> (file: RemoteFile, address: String) {
    switch self {
    case .url(let url): return (try await RemoteFile(at: url, options: options), url.absoluteString)
    case .huggingFace(let address, let hub):
      let found = isExact ? address : try await hub.resolve(address, options: options)
      return (try await RemoteFile(at: found, on: hub, options: options), found.description)
    }
  }
}
