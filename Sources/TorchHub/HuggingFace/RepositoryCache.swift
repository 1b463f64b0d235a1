import Foundation
import StateDicts

/// What Hugging Face's cache folder has of one repository, in the layout of `huggingface_hub` (`file_download.py`).
///
///     models--owner--name/refs/main                              the commit that the branch was at
///     models--owner--name/snapshots/COMMIT/model.safetensors     a link to ../../blobs/ETAG
///     models--owner--name/blobs/ETAG                             the file
struct RepositoryCache: Sendable {
  private let folder: URL

  init(of repository: String, in hub: HuggingFaceHub) {
    let name = "models--" + repository.split(separator: "/").joined(separator: "--")
    folder = hub.cacheFolder.appendingPathComponent(name, isDirectory: true)
  }

  // MARK: - What is there

  /// The file at an address, or the weights in the folder there, with all shards if it is an index of some; nil if not all is there.
  ///
  /// - Throws: `isDirectory` for a folder with several variants of a model.
  func weights(at address: HuggingFaceAddress) throws(CheckpointError) -> URL? {
    guard let commit = commit(of: address.revision) else { return nil }
    var found = try address.at(commit)
    if OpenFile.isFolder(pointer(to: found).path) == true {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: pointer(to: found).path)) ?? []
      guard let name = try UsualName.first(of: names)?.name else { return nil }
      found = try found.file(name, besides: false)
    }
    guard has(found) else { return nil }
    for shard in try shards(of: found) where !has(shard) { return nil }
    return pointer(to: found)
  }

  /// Whether a file is there at a commit.
  func has(_ address: HuggingFaceAddress) -> Bool { OpenFile.isFolder(pointer(to: address).path) == false }

  private func commit(of revision: String) -> String? {
    if HuggingFaceAddress.isCommit(revision) { return revision }
    let file = folder.appendingPathComponent("refs/\(revision)", isDirectory: false)
    guard let bytes = try? OpenFile(reading: file.path).read(at: 0, count: 100) else { return nil }
    let commit = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    return HuggingFaceAddress.isCommit(commit) ? commit : nil
  }

  /// The shards that a file lists, if it is an index.
  ///
  /// - Throws: `unsupported` for a shard that is not below the index.
  func shards(of address: HuggingFaceAddress) throws(CheckpointError) -> [HuggingFaceAddress] {
    let name = address.path.split(separator: "/").last.map(String.init) ?? ""
    guard UsualName(name)?.isIndex == true else { return [] }
    let file = try OpenFile(reading: pointer(to: address).path)
    // What is no index says so when it is opened.
    guard let count = try Int(exactly: file.size()), count <= Self.indexLimit,
      let index = try? JSONValue(parsing: String(decoding: file.read(at: 0, count: count), as: UTF8.self)),
      let entries = index["weight_map"]?.objectValue
    else { return [] }
    let names = Set(entries.compactMap { $0.value.stringValue }).sorted()
    guard names.count <= Self.shardLimit else {
      throw CheckpointError(
        .limitExceeded, "The index lists more than \(Self.shardLimit) shards.", file: address.description)
    }
    return try names.map { name throws(CheckpointError) in try address.file(name, besides: true) }
  }

  /// How large an index may be: that of a million tensors has 100 MB.
  private static let indexLimit = 1 << 28
  private static let shardLimit = 10_000

  // MARK: - What comes

  /// Where the file of an address is found.
  func pointer(to address: HuggingFaceAddress) -> URL {
    folder.appendingPathComponent("snapshots/\(address.revision)/\(address.path)", isDirectory: false)
  }

  /// Where the bytes of a file are kept.
  func blob(_ tag: String) -> URL { folder.appendingPathComponent("blobs/\(tag)", isDirectory: false) }

  /// The SHA-256 that the bytes have for their name to which a file of a snapshot links; nil if they have another name.
  static func digits(of file: URL) -> String? {
    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: file.path)
    return target.flatMap { FileTag(URL(fileURLWithPath: $0).lastPathComponent)?.sha256 }
  }

  /// Makes the folders for a file.
  func createFolders(for address: HuggingFaceAddress) throws(CheckpointError) {
    try blob("x").deletingLastPathComponent().createCacheFolder()
    try pointer(to: address).deletingLastPathComponent().createCacheFolder()
  }

  /// Makes an address lead to the bytes with a tag: by a relative link, or where there are no links by moving them.
  ///
  /// - Throws: `cannotCreate`.
  func link(_ address: HuggingFaceAddress, to tag: String) throws(CheckpointError) {
    let place = pointer(to: address).path
    let up = String(repeating: "../", count: address.path.split(separator: "/").count + 1)
    for _ in 0..<2 where !has(address) {
      // A link that leads nowhere.
      if (try? FileManager.default.destinationOfSymbolicLink(atPath: place)) != nil {
        try? FileManager.default.removeItem(atPath: place)
      }
      try? FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "\(up)blobs/\(tag)")
    }
    if !has(address) { try OpenFile(reading: blob(tag).path).rename(to: place) }
  }

  /// Notes the commit that a branch or tag is at.
  ///
  /// - Throws: `cannotCreate`.
  func note(_ commit: String, for revision: String) throws(CheckpointError) {
    guard revision != commit, self.commit(of: revision) != commit else { return }
    let file = folder.appendingPathComponent("refs/\(revision)", isDirectory: false)
    try file.deletingLastPathComponent().createCacheFolder()
    do {
      try Data(commit.utf8).write(to: file, options: .atomic)
    } catch {
      throw CheckpointError(
        .cannotCreate, "The commit of \(revision) cannot be saved: \(error.localizedDescription)", file: file.path)
    }
  }
}
