#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A folder of shards that are named when all of them are whole: the old index goes first, the new one comes last.
final class OutputFolder {
  private let path: FilePath
  private let overwrites: Bool
  private let isNew: Bool
  private var files: [(name: FilePath, file: AtomicFile)] = []
  private var isCommitted = false

  /// Makes the folder, if it is not there.
  ///
  /// - Throws: `outputExists` for a folder that is not empty, unless it may be overwritten; `cannotCreate`.
  init(_ path: FilePath, overwrites: Bool) throws(CheckpointError) {
    self.path = path
    self.overwrites = overwrites
    isNew = !path.exists
    if isNew {
      try path.createFolder()
      AtomicFile.note(newFolder: path, isFinished: false)
      return
    }
    guard path.isFolder else {
      throw CheckpointError(
        .cannotCreate, "Shards are written to a folder, and this is a file.", file: path.description,
        remedy: "name a folder, which need not exist")
    }
    let names = try path.names()
    guard overwrites || names.isEmpty else {
      throw CheckpointError(
        .outputExists, "The folder is not empty.", file: path.description,
        remedy: "name another, or pass --force (overwrites: true) to replace the checkpoint in it")
    }
  }

  deinit {
    files = []
    guard isNew, !isCommitted else { return }
    AtomicFile.note(newFolder: path, isFinished: true)
    _ = unsafe path.withCString { unsafe rmdir($0) }
  }

  /// Begins a file of the folder.
  ///
  /// - Throws: As `AtomicFile`.
  func file(_ name: String) throws(CheckpointError) -> AtomicFile {
    let name = FilePath(name)
    let file = try AtomicFile(path: path.appending(name), overwrites: overwrites)
    files.append((name, file))
    return file
  }

  /// Gives all files their names.
  ///
  /// What an earlier save left in the folder under the names of shards is removed, as `huggingface_hub` does: a reader
  /// would take a `model.safetensors` rather than the index.
  ///
  /// - Throws: `cannotCreate`, `outputExists`.
  func commit() throws(CheckpointError) {
    let stale = isNew ? [] : try path.names().filter { Self.isOfSave($0) }
    let written = Set(files.map(\.name))
    for name in stale where name.hasSuffix(".index.json") || !written.contains(name) { remove(name) }
    for file in files { try file.file.commit() }
    isCommitted = true
    AtomicFile.note(newFolder: path, isFinished: true)
  }

  private func remove(_ name: FilePath) {
    _ = unsafe path.appending(name).withCString { unsafe unlink($0) }
  }

  /// Whether a file's name is one that a save of shards gives: `model.safetensors`, `model-00001-of-00002.safetensors`,
  /// and the same with `.index.json`.
  private static func isOfSave(_ name: FilePath) -> Bool {
    var name = String(decoding: name.bytes, as: UTF8.self)[...]
    if name.hasSuffix(".index.json") { name = name.dropLast(11) }
    guard name.hasPrefix("model"), name.hasSuffix(".safetensors") else { return false }
    let number = name.dropFirst(5).dropLast(12).split(separator: "-", omittingEmptySubsequences: false)
    if number.isEmpty || number == [""] { return true }
    guard number.count == 4, number[0].isEmpty, number[2] == "of" else { return false }
    return [number[1], number[3]].allSatisfy { $0.utf8.count == 5 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
  }
}
