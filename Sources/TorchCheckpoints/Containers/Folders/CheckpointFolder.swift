import StateDicts

/// A folder that holds one checkpoint in several files.
///
///     .metadata, __0_0.distcp …                                  torch.distributed.checkpoint
///     model.safetensors.index.json, model-00001-of-00002.safetensors …       shards
///     model.safetensors or pytorch_model.bin                      one file, under the usual name
///     data.pkl, data/0, byteorder …                               torch's zip format, unpacked
///     zero_pp_rank_0_mp_rank_00_optim_states.pt …                 DeepSpeed's ZeRO, or latest, which names its folder
///     model.rank0.pt, model.rank1.pt …                            files of several ranks
struct CheckpointFolder {
  private let location: FilePath
  /// The names of what is in it, sorted: each the name's `reversibleText`.
  let names: [String]
  /// Of a folder in an archive: its files by their names.
  private let members: [String: ArchiveMember]
  private let unpacking: Unpacking?

  /// The folder's path, for messages.
  var path: String { location.description }

  /// - Throws: `notReadable`.
  init(path: FilePath) throws(CheckpointError) {
    members = [:]
    unpacking = nil
    location = path.bytes.count > 1 && path.hasSuffix("/") ? FilePath(bytes: path.bytes.dropLast()) : path
    names = try path.names().map(\.reversibleText)
  }

  /// A folder in an archive, which may be called what it likes.
  init(path: String, members: [String: ArchiveMember], unpacking: Unpacking) {
    location = FilePath(path)
    names = members.keys.sorted()
    self.members = members
    self.unpacking = unpacking
  }

  /// The folder that a file lies in.
  init(holding file: FilePath) throws(CheckpointError) {
    try self.init(path: file.folder)
  }

  func open(_ options: CheckpointOptions) throws(CheckpointError) -> CheckpointContents {
    let rankLocal = names.filter { $0.hasPrefix("__") && $0.hasSuffix(".metadata") }
    if names.contains(".metadata") { return try Distributed.open(self, metadata: [".metadata"], options) }
    if !rankLocal.isEmpty { return try Distributed.open(self, metadata: rankLocal, options) }
    if UnpackedZip.isAt(self) { return try UnpackedZip.open(self, options) }
    if ZeroFolder.isAt(self) { return try ZeroFolder.open(self, options) }
    if let name = try usualName() { return try FileReader.read(store(name, options), at: place(name), options) }
    if let chunks = try DistributedSafetensors.open(self, options) { return chunks }
    if let zero = try ZeroFolder.latest(in: self, options) { return try ZeroFolder.open(zero, options) }
    if let ranks = try RankFiles.open(self, options) { return ranks }
    var budget = 1000
    let nested = nested(&budget)
    if nested.count == 1, UnpackedZip.isAt(nested[0]) { return try UnpackedZip.open(nested[0], options) }
    throw nothingFound(nested.map(\.path))
  }

  /// Whether the folder has a file of this name.
  func has(_ name: String) -> Bool { isInArchive ? members[name] != nil : place(name).exists }

  /// Whether the folder is in an archive, where it has no other folders beside it.
  var isInArchive: Bool { unpacking != nil }

  /// A folder in this one; nil if there is none.
  func subfolder(_ name: String) -> CheckpointFolder? {
    isInArchive ? nil : try? CheckpointFolder(path: place(name))
  }

  /// The file that a library would load of this folder.
  ///
  /// - Throws: as `UsualName.first(of:)`.
  private func usualName() throws(CheckpointError) -> String? {
    do throws(CheckpointError) {
      return try UsualName.first(of: names)?.name
    } catch {
      throw error.located(file: path)
    }
  }

  /// The folders below, to three levels, that hold a checkpoint in several files or under the usual name.
  ///
  /// - Parameter budget: how many names may still be looked at.
  private func nested(depth: Int = 0, _ budget: inout Int) -> [CheckpointFolder] {
    var found: [CheckpointFolder] = []
    for name in names where !name.hasPrefix(".") && name != "__MACOSX" {
      budget -= 1
      guard budget > 0, let folder = subfolder(name) else { continue }
      let isOne =
        folder.names.contains(".metadata") || UnpackedZip.isAt(folder) || ZeroFolder.isAt(folder)
        || folder.names.contains { UsualName($0) != nil }
      found += isOne ? [folder] : depth < 2 ? folder.nested(depth: depth + 1, &budget) : []
    }
    return found
  }

  private func nothingFound(_ nested: [String]) -> CheckpointError {
    if !nested.isEmpty {
      return CheckpointError(
        .isDirectory, "The folder is not a checkpoint, but these subfolders are: \(Shards.list(nested)).",
        file: path,
        remedy: "give the path of one of them")
    }
    let shards = names.filter(Shards.isShard)
    if !shards.isEmpty {
      return CheckpointError(
        .isDirectory, "The index of these shards is missing: \(Shards.list(shards)).",
        file: path,
        remedy: "copy or download the index (model.safetensors.index.json) to the folder, or give the path of one shard"
      )
    }
    let list = Shards.list(names.filter { !$0.hasPrefix(".") })
    return CheckpointError(
      .isDirectory, "The folder is not a checkpoint. It has: \(list.isEmpty ? "nothing" : list).",
      file: path,
      remedy:
        "give the path of a file in it (the commands verify, scan, fingerprint and convert --into read all of them)")
  }

  /// The bytes of a file in the folder.
  ///
  /// - Throws: as `ByteStore(path:_:)`.
  func store(_ name: String, _ options: CheckpointOptions) throws(CheckpointError) -> ByteStore {
    if let unpacking {
      guard let member = members[name] else {
        throw CheckpointError.noSuchFile(file(name))
      }
      return try member.bytes(unpacking)
    }
    return try ByteStore(path: place(name), options.access)
  }

  /// The path of a file in the folder, for messages.
  func file(_ name: String) -> String { place(name).description }

  /// The path of a file in the folder.
  func place(_ name: String) -> FilePath { location.appending(FilePath(reversibleText: name)) }

  /// A path that an index gives, without parts that lead nowhere, if it is one of a file inside the folder.
  ///
  /// - Throws: `malformedHeader` for a path that leads out of it.
  func inside(_ name: String) throws(CheckpointError) -> String {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.contains("\\"), !name.contains("\0"), !parts.contains(".."), !parts.contains("") else {
      throw CheckpointError(
        .malformedHeader, "The index has a file outside its folder: \(name.prefix(100)).", file: path)
    }
    return parts.filter { $0 != "." }.joined(separator: "/")
  }
}
