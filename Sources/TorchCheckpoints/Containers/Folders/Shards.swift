import StateDicts

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A checkpoint in several files with an index, as written by Hugging Face's libraries.
///
///     {"metadata": {"total_size": 84},
///      "weight_map": {"embed.weight": "model-00001-of-00002.safetensors",
///                     "head.weight": "model-00002-of-00002.safetensors"}}
///
/// The index is authoritative: a missing file is an error; a file or tensor that is not in the index belongs to another
/// save, and is left out and noted. Source: `huggingface_hub/serialization/_base.py`.
enum Shards {
  /// Reads the files that an index lists.
  ///
  /// - Parameter folder: Where the files are; nil for the folder of the index.
  static func open(
    _ store: ByteStore, index path: FilePath, in folder: CheckpointFolder? = nil, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let json = try json(store)
    guard let entries = json["weight_map"]?.objectValue else { throw ForeignFormat.json(store) }
    let folder = if let folder { folder } else { try CheckpointFolder(holding: path) }
    var fileOfTensor = [ExactName: String](minimumCapacity: entries.count)
    for entry in entries {
      guard let file = entry.value.stringValue else {
        throw CheckpointError.malformedHeader("\(entry.name) has no file.")
      }
      fileOfTensor[ExactName(entry.name)] = try folder.inside(file)
    }
    let files = Set(fileOfTensor.values).sorted()
    let missing = files.filter { !folder.has($0) }
    guard missing.isEmpty else {
      let names = missing.map { name in
        folder.place(name).linkTarget.map { "\(name) (a broken link to \($0))" } ?? name
      }
      throw CheckpointError(
        .missingRecord, "\(missing.count) of \(files.count) shards are missing: \(list(names)).",
        remedy: "copy or download them into the same folder")
    }
    var reading = Reading(fileOfTensor: fileOfTensor, aliases: aliases(in: json["metadata"], fileOfTensor))
    for file in files { try reading.add(file, in: folder, options) }
    guard reading.fileOfTensor.isEmpty else {
      let names = reading.fileOfTensor.keys.map(\.text).sorted()
      throw CheckpointError(
        .missingRecord, "\(names.count) tensors are missing from their shards: \(list(names)).",
        remedy: "index and shards are from different saves: copy them again")
    }
    reading.addAliases()
    let stale = folder.names.filter { isShard($0) && !files.contains($0) }
    if !stale.isEmpty { reading.notes.append("Files that are not in the index were left out: \(list(stale)).") }
    var contents = try CheckpointContents(
      .shards, file: path.description, store: store, byteCount: reading.byteCount, tensors: reading.tensors)
    contents.marks = ["shards": .integer(files.count)]
    contents.marks["metadata"] = json["metadata"]
    contents.notes = reading.notes
    contents.globals = reading.globals
    contents.takeMetadata(reading.metadata)
    return contents
  }

  private static func json(_ store: ByteStore) throws(CheckpointError) -> JSONValue {
    let mark = FileHead.byteOrderMark
    let hasMark = store.array(0..<mark.count) == mark
    return try JSONValue(parsing: store, in: (hasMark ? mark.count : 0)..<store.count)
  }

  /// The names of the files in a folder that an index there lists; empty for a file that is no index, which says so when it is
  /// opened.
  static func files(listedBy index: String, in folder: CheckpointFolder) -> Set<String> {
    guard let store = try? ByteStore(path: folder.place(index), .automatic), store.count <= indexLimit,
      let entries = try? json(store)["weight_map"]?.objectValue
    else { return [] }
    return Set(entries.compactMap { entry in entry.value.stringValue.flatMap { try? folder.inside($0) } })
  }

  /// The names of the files that an index lists, sorted.
  ///
  /// - Throws: `notACheckpoint`, `malformedHeader` for what is no index, and for a file that is not below the index.
  static func files(listedBy store: ByteStore) throws(CheckpointError) -> [String] {
    guard let entries = try json(store)["weight_map"]?.objectValue else { throw ForeignFormat.json(store) }
    let anywhere = CheckpointFolder(path: "", members: [:], unpacking: Unpacking(of: 0, limits: .init()))
    var names = Set<String>()
    for entry in entries { if let file = entry.value.stringValue { names.insert(try anywhere.inside(file)) } }
    return names.sorted()
  }

  /// How large an index may be that a walk through folders reads: that of a million tensors has 100 MB.
  private static let indexLimit = 1 << 28

  /// Names that were dropped as ties, and for each the name that is kept: texts in the index's metadata.
  private static func aliases(in metadata: JSONValue?, _ files: [ExactName: String]) -> [ExactName: ExactName] {
    var aliases: [ExactName: ExactName] = [:]
    for member in metadata?.objectValue ?? [:] {
      guard let kept = member.value.stringValue, files[ExactName(kept)] != nil, files[ExactName(member.name)] == nil
      else { continue }
      aliases[ExactName(member.name)] = ExactName(kept)
    }
    return aliases
  }

  static func list(_ names: [String]) -> String {
    names.prefix(10).joined(separator: ", ") + (names.count > 10 ? " …" : "")
  }

  /// Whether a name is of the form `NAME-00001-of-00003.bin`.
  static func isShard(_ name: String) -> Bool {
    guard name.hasSuffix(".bin") || name.hasSuffix(".safetensors") else { return false }
    let parts = name.split(separator: ".")[0].split(separator: "-")
    return parts.count >= 4 && parts[parts.count - 2] == "of" && Int(parts[parts.count - 1]) != nil
  }

  private struct Reading {
    /// What is still to be found.
    var fileOfTensor: [ExactName: String]
    /// Dropped names that are still to be found.
    var aliases: [ExactName: ExactName]
    /// What the first shard that we wrote says beside its tensors.
    var metadata: StateDict.Metadata?
    var tensors: [NamedTensor] = []
    var notes: [String] = []
    var byteCount = 0
    var globals: [GlobalUse] = []

    mutating func add(
      _ file: String, in folder: CheckpointFolder, _ options: CheckpointOptions
    ) throws(CheckpointError) {
      let shard = try FileReader.read(folder.store(file, options), file: folder.file(file), options)
      byteCount += shard.byteCount
      globals += shard.globals
      var unlisted: [String] = []
      if metadata == nil, shard.format == .swt, case .stateDict(let stateDict) = shard.values {
        metadata = stateDict.metadata
      }
      guard tensors.count + shard.tensors.count <= options.limits.tensorCount else {
        throw CheckpointError.tooManyTensors(options.limits)
      }
      for item in shard.tensors {
        if fileOfTensor[ExactName(item.name)] == file {
          fileOfTensor[ExactName(item.name)] = nil
          tensors.append(item)
        } else if aliases.removeValue(forKey: ExactName(item.name)) != nil {
          tensors.append(item)
        } else {
          unlisted.append(item.name)
        }
      }
      notes += shard.notes.map { "\(file): \($0)" }
      if !unlisted.isEmpty {
        notes.append("\(file) has tensors that the index does not list for it: \(list(unlisted)).")
      }
    }

    /// Gives the kept tensors under the dropped names that the shards themselves do not have.
    mutating func addAliases() {
      guard !aliases.isEmpty else { return }
      var places = [ExactName: Int](minimumCapacity: tensors.count)
      for (place, item) in tensors.enumerated() { places[ExactName(item.name)] = place }
      for (name, kept) in aliases.sorted(by: { $0.key.text < $1.key.text }) {
        guard let place = places[kept] else { continue }
        tensors.append(NamedTensor(name: name.text, tensor: tensors[place].tensor))
      }
    }
  }
}

extension CheckpointContents {
  /// Takes what one of several files says beside its tensors.
  fileprivate mutating func takeMetadata(_ metadata: StateDict.Metadata?) {
    guard var metadata, case .stateDict(var stateDict) = values else { return }
    metadata.source = stateDict.metadata.source
    metadata.leftOut = stateDict.metadata.leftOut
    stateDict.metadata = metadata
    values = .stateDict(stateDict)
  }
}
