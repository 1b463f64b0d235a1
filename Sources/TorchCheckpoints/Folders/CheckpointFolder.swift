import StateDicts

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A folder that holds one checkpoint in several files.
///
///     .metadata, __0_0.distcp …                                  torch.distributed.checkpoint
///     model.safetensors.index.json, model-00001-of-00002.safetensors …       shards
///     model.safetensors or pytorch_model.bin                      one file, under the usual name
struct CheckpointFolder {
  let path: String
  /// The names of what is in it, sorted.
  let names: [String]
  /// Of a folder in an archive: its files by their names.
  private let members: [String: ArchiveMember]
  private let unpacking: Unpacking?

  /// - Throws: `notReadable`.
  init(path: String) throws(CheckpointError) {
    members = [:]
    unpacking = nil
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    } catch {
      throw CheckpointError(.notReadable, "The folder cannot be read.", file: path)
    }
  }

  /// A folder in an archive, which may be called what it likes.
  init(path: String, members: [String: ArchiveMember], unpacking: Unpacking) {
    self.path = path
    names = members.keys.sorted()
    self.members = members
    self.unpacking = unpacking
  }

  /// The folder that a file lies in.
  init(holding file: String) throws(CheckpointError) {
    let slash = file.lastIndex(of: "/")
    try self.init(path: slash.map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? ".")
  }

  private static let usualNames = [
    "model.safetensors", "pytorch_model.bin", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin",
    "adapter_model.safetensors", "adapter_model.bin",
  ]

  func open(options: CheckpointOptions) throws(CheckpointError) -> Checkpoint {
    let rankLocal = names.filter { $0.hasPrefix("__") && $0.hasSuffix(".metadata") }
    if names.contains(".metadata") { return try Distributed.open(self, metadata: [".metadata"], options: options) }
    if !rankLocal.isEmpty { return try Distributed.open(self, metadata: rankLocal, options: options) }
    let indexes = names.filter { $0.hasSuffix(".index.json") }
    if let index = indexes.first(where: { $0.contains(".safetensors.") }) ?? indexes.first {
      return try Checkpoint(index: store(index, options), file: file(index), options: options)
    }
    if let chunks = try DistributedSafetensors.open(self, options: options) { return chunks }
    if let name = Self.usualNames.first(where: names.contains) {
      return try Checkpoint(store(name, options), file: file(name), options: options)
    }
    let list = names.filter { !$0.hasPrefix(".") }.prefix(8).joined(separator: ", ")
    throw CheckpointError(
      .isDirectory,
      "This folder holds no index of shards and no .metadata. It has: \(list.isEmpty ? "nothing" : list).",
      file: path, remedy: "name a file inside it")
  }

  /// The bytes of a file in the folder.
  ///
  /// - Throws: as `ByteStore(path:mapped:)`.
  func store(_ name: String, _ options: CheckpointOptions) throws(CheckpointError) -> ByteStore {
    if let unpacking {
      guard let member = members[name] else {
        throw CheckpointError(.notFound, "There is no such file.", file: file(name))
      }
      return try member.bytes(unpacking)
    }
    return try ByteStore(path: file(name), mapped: options.mapping == .mapped)
  }

  /// The path of a file in the folder.
  func file(_ name: String) -> String { path == "." ? name : path == "/" ? "/\(name)" : "\(path)/\(name)" }

  /// A name that an index gives, if it is one of a file inside the folder.
  ///
  /// - Throws: `malformedHeader` for a path that leads out of it.
  func requireInside(_ name: String) throws(CheckpointError) {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.contains("\\"), !name.contains("\0"), !parts.contains(".."), !parts.contains("") else {
      throw CheckpointError(
        .malformedHeader, "The index names a file that is not in the folder: \(name.prefix(100)).", file: path)
    }
  }
}
