#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder of shards, behind an index that comes last.
///
/// A new folder has no name until all is whole: its files have none either (`O_TMPFILE`), and at the end they are named in a
/// hidden folder beside it, which then takes the name. In a folder that is there, the old index goes first and the new one
/// comes last.
final class OutputFolder {
  private let path: FilePath
  private let overwrites: Bool
  private let isNew: Bool
  /// Where files are named: the folder, or a hidden one that takes its name.
  private let staging: FilePath
  private var isStagingThere: Bool
  private var files: [(name: FilePath, file: AtomicFile)] = []
  private var isCommitted = false

  /// - Parameters:
  ///   - path: The folder's path.
  ///   - overwrites: Whether the checkpoint in it may be replaced.
  /// - Throws: `outputExists` for a folder that is not empty, unless it may be overwritten; `cannotCreate`.
  init(_ path: FilePath, overwrites: Bool) throws(CheckpointError) {
    self.path = path.withoutTrailingSlash
    self.overwrites = overwrites
    isNew = !path.exists
    isStagingThere = !isNew
    staging = isNew ? AtomicFile.hiddenPath(beside: self.path) : self.path
    if isNew { return }
    guard path.isFolder else {
      throw CheckpointError(
        .cannotCreate, "Shards are written to a folder, and this is a file.", file: path.description,
        remedy: "name a folder, which need not exist")
    }
    let isFree = overwrites ? true : try path.names().isEmpty
    guard isFree else {
      throw CheckpointError(
        .outputExists, "The folder is not empty.", file: path.description,
        remedy: "name another, or pass --force (overwrites: true) to replace the checkpoint in it")
    }
  }

  deinit {
    files = []
    if !isCommitted { AtomicFile.remove(newFolder: staging) }
  }

  /// A folder on the disk that the files go to.
  var place: FilePath { isNew ? path.folder : path }

  private func makeStaging() throws(CheckpointError) {
    guard !isStagingThere else { return }
    try staging.createFolder()
    isStagingThere = true
    AtomicFile.note(newFolder: staging, isHidden: true)
  }

  /// Begins a file of the folder.
  ///
  /// - Throws: As `AtomicFile`.
  func file(_ name: String) throws(CheckpointError) -> AtomicFile {
    let name = FilePath(name)
    let place = staging.appending(name)
    let file: AtomicFile
    if !isStagingThere, let nameless = AtomicFile(nameless: place, in: path.folder) {
      file = nameless
    } else {
      try makeStaging()
      file = try AtomicFile(path: place, overwrites: overwrites)
    }
    files.append((name, file))
    return file
  }

  /// Notes that the file that was begun last is whole.
  ///
  /// It stays open until all are, unless so many are open that the system may refuse more.
  ///
  /// - Throws: `cannotCreate`.
  func finish() throws(CheckpointError) {
    guard let last = files.last else { return }
    if files.count > Self.openLimit {
      try makeStaging()
      try last.file.park()
    }
  }

  /// How many files may be open, of the number that the system allows.
  private static let openLimit: Int = {
    var limit = rlimit()
    #if os(Linux)
      let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
      let kind = RLIMIT_NOFILE
    #endif
    guard unsafe getrlimit(kind, &limit) == 0 else { return 0 }
    return Int(min(limit.rlim_cur, 1 << 16)) / 2
  }()

  /// Gives all files their names.
  ///
  /// What an earlier save left in the folder under the names of shards is removed, as `huggingface_hub` does: a reader
  /// would take a `model.safetensors` rather than the index.
  ///
  /// - Throws: `cannotCreate`, `outputExists`.
  func commit() throws(CheckpointError) {
    if staging != path {
      try makeStaging()
      for file in files { try file.file.commit() }
      try rename()
    } else {
      // While an index is there, so is all that it lists.
      try removeIndexes()
      let written = Set(files.map(\.name))
      let stale = try path.names().filter { Self.isOfSave($0) && !written.contains($0) }
      for name in stale { remove(name) }
      for file in files { try file.file.commit() }
    }
    isCommitted = true
    AtomicFile.note(finished: staging)
  }

  /// Gives the hidden folder its name.
  private func rename() throws(CheckpointError) {
    let result = unsafe staging.withCString { old in
      unsafe path.withCString { new in unsafe AtomicFile.systemRename(old, new) }
    }
    guard result == 0 else {
      throw CheckpointError(
        errno == ENOTEMPTY || errno == EEXIST ? .outputExists : .cannotCreate,
        "The folder cannot be given its name: \(systemMessage(errno)).", file: path.description)
    }
  }

  /// Removes the index of the checkpoint that is replaced.
  private func removeIndexes() throws(CheckpointError) {
    for name in try path.names() where name.hasSuffix(".index.json") && Self.isOfSave(name) {
      remove(name)
    }
  }

  private func remove(_ name: FilePath) {
    _ = unsafe path.appending(name).withCString { unsafe unlink($0) }
  }

  /// Whether a file's name is one that a save of shards gives: `model.safetensors`, `model-00001-of-00002.safetensors`,
  /// and the same with `.index.json`.
  static func isOfSave(_ name: FilePath) -> Bool {
    var name = String(decoding: name.bytes, as: UTF8.self)[...]
    if name.hasSuffix(".index.json") { name = name.dropLast(11) }
    guard name.hasPrefix("model"), name.hasSuffix(".safetensors") else { return false }
    let number = name.dropFirst(5).dropLast(12).split(separator: "-", omittingEmptySubsequences: false)
    if number.isEmpty || number == [""] { return true }
    guard number.count == 4, number[0].isEmpty, number[2] == "of" else { return false }
    return [number[1], number[3]].allSatisfy { $0.utf8.count == 5 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }
}
