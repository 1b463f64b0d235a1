import FetchMessages
package import StateDicts
import Terminal
package import TorchCheckpoints

extension InputOptions {
  /// Opens a file, or the parts of a file on a server that are looked at.
  ///
  /// The whole file is used if it is in a cache folder, and downloaded with `--download`.
  package func openParts(_ input: FilePath) throws -> Checkpoint {
    guard Self.isRemote(input), !downloads, !fetching.offline else { return try open(input) }
    var opened: [RemoteBytes] = []
    switch try RemoteBytes.open(input.description, fetching) {
    case .cached(let path):
      printToStandardError("pth2swt: using the cached file \(path)")
      return try open(path)
    case .bytes(let remote):
      let url = remote.address
      opened.append(remote)
      let checkpoint: Checkpoint
      if Self.withoutQuery(url).hasSuffix(".json") {
        checkpoint = try Checkpoint(arrivingIndex: remote.store, file: url, options: readingOptions) {
          name throws(CheckpointError) in
          let shard = try shard(name, of: url, after: opened.count - 1)
          opened.append(shard)
          return shard.store
        }
      } else {
        checkpoint = try Checkpoint(arriving: remote.store, file: url, options: readingOptions)
      }
      printToStandardError("pth2swt: read \(RemoteBytes.summary(of: opened))")
      return checkpoint
    }
  }

  /// How many shards are read on a server: each has a program that fetches its parts.
  private static let shardLimit = 64

  /// The bytes of a name that stand for themselves in a URL.
  private static let unescaped = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/".utf8)

  /// Opens a shard that lies beside an index.
  private func shard(_ name: String, of index: String, after count: Int) throws(CheckpointError) -> RemoteBytes {
    guard count < Self.shardLimit else {
      throw CheckpointError(
        .limitExceeded, "The index lists more than \(Self.shardLimit) shards, which are not read on the server.",
        file: index,
        remedy: "download the folder, or give the URL of one shard")
    }
    let folder = Self.withoutQuery(index).reversed().drop { $0 != "/" }.reversed()
    let escaped = name.utf8.map { byte in
      Self.unescaped.contains(byte)
        ? String(Character(Unicode.Scalar(byte))) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    let address = String(folder) + (Self.isOnHuggingFace(index) ? name : escaped)
    switch try RemoteBytes.open(address, fetching, usesCache: false) {
    case .bytes(let remote): return remote
    case .cached(let path):
      throw CheckpointError.unexpectedAnswer(path.description)
    }
  }

  /// Whether an argument is a URL, or an address on Hugging Face.
  private static func isRemote(_ input: FilePath) -> Bool {
    let start = input.description.prefix(8).lowercased()
    return start == "https://" || start.hasPrefix("http://") || isOnHuggingFace(start)
  }

  private static func isOnHuggingFace(_ address: String) -> Bool { address.prefix(5).lowercased() == "hf://" }

  /// An address without a URL's query.
  private static func withoutQuery(_ address: String) -> Substring {
    isOnHuggingFace(address) ? address[...] : address.prefix { $0 != "?" }
  }

  /// Returns the path of an argument: a path unchanged, or that of a downloaded file in its cache folder.
  package func path(of argument: FilePath) throws -> FilePath {
    let input = argument.description
    guard Self.isRemote(argument) else { return argument }
    let child = try ChildProcess(
      Program.fetch.path, [input, "--limit-factor=\(limitFactor)"] + fetching.arguments)
    let progress = ProgressLine()
    var last: FetchMessage?
    child.forEachLine { line in
      last = FetchMessage(line: line)
      if case .progress(let completed, let total, let name) = last {
        progress.show(ByteProgress(completedByteCount: completed, totalByteCount: total, name: name))
      }
    }
    progress.clear()
    child.wait()
    if let error = last?.error { throw error }
    guard case .file(let path, let isNew) = last else { throw CheckpointError.noAnswer(input) }
    // URLs with the same last component share a file in the cache, so the message names the file that is used.
    if !isNew { printToStandardError("pth2swt: using the cached file \(path)") }
    return FilePath(path)
  }
}
