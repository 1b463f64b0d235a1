import StateDicts

/// Chooses the reader for each kind of file.
enum FileReader {
  /// Returns the bytes of the file at a path; nil for a folder.
  static func bytes(at path: FilePath, _ options: CheckpointOptions) throws(CheckpointError) -> ByteStore? {
    do throws(CheckpointError) {
      return try ByteStore(path: path, options.access)
    } catch  where error.code == .isDirectory {
      return nil
    }
  }

  /// How standard input is named in reports and errors.
  static let standardInputName = "standard input"

  /// Returns the bytes of standard input.
  static func standardInput() throws(CheckpointError) -> ByteStore {
    do throws(CheckpointError) {
      return try ByteStore.standardInput()
    } catch {
      throw error.located(file: standardInputName)
    }
  }

  /// Reads what is at a path: a file, the index of several, or a folder of them.
  static func read(at path: FilePath, _ options: CheckpointOptions) throws(CheckpointError) -> CheckpointContents {
    guard let store = try bytes(at: path, options) else {
      return try CheckpointFolder(path: path).open(options.accounting)
    }
    return try read(store, at: path, options)
  }

  /// Reads a file that may be an index of others next to it.
  static func read(
    _ store: ByteStore, at path: FilePath, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let options = options.accounting
    guard FileHead(store).isJSON else { return try read(store, file: path.description, options) }
    do throws(CheckpointError) {
      return try Shards.open(store, index: path, options)
    } catch {
      throw error.located(file: path.description)
    }
  }

  /// Reads a single file that does not refer to others.
  @Sendable static func read(
    _ store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let options = options.accounting
    do throws(CheckpointError) {
      let contents: CheckpointContents
      let kind = try FileKind.detect(store)
      // All other kinds are read from first to last.
      if kind != .zip, kind != .safetensors { try store.require(0..<store.count) }
      switch kind {
      case .zip: contents = try readZip(store, file: file, options)
      case .legacy: contents = try TorchLegacy.open(store, file: file, options)
      case .tar: contents = try TorchTar.open(store, file: file, options)
      case .gzip: contents = try readGzip(store, file: file, options)
      case .npy: contents = try NumpyFiles.open(npy: store, file: file, options)
      case .json: throw ForeignFormat.json(store)
      case .safetensors: contents = try readSafetensors(store, file: file, options)
      }
      try contents.requireMember(options)
      if let failure = store.failure { throw failure }
      // Of a folder of many files each would keep what was mapped for its header.
      store.drop(0..<store.count)
      return contents
    } catch {
      // What could not be read looks damaged.
      throw (store.failure ?? error).located(file: file)
    }
  }

  /// Reads a zip archive, recognised by its members; its pickle is read while libzip reads the directory.
  private static func readZip(
    _ store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let (opened, early) = concurrently(
      {
        Result { () throws(CheckpointError) in
          // Local headers lie far from each other: one that has not arrived is read with its entry.
          try ZipArchive(store, file: file, locates: options.locatesEntries && !store.isArriving)
        }
      },
      { store.isArriving ? nil : EarlyPickle(store, options: options) })
    let archive = try opened.get()
    if let pickle = TorchZip.pickle(of: archive) {
      return try TorchZip.open(archive, pickle, early, file: file, options)
    }
    if let program = try ExportedProgram.open(archive, file: file, options) { return program }
    if let model = ScriptModel.entry(of: archive) { return try ScriptModel.open(archive, model, file: file, options) }
    if archive.entries.contains(where: { $0.name.hasSuffix(".npy") }) {
      return try NumpyFiles.open(npz: archive, file: file, options)
    }
    return try WrappedFiles(archive, file: file).open(options)
  }

  /// Reads what a gzip stream holds.
  private static func readGzip(
    _ store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let (inner, unpacking) = try options.inside(store)
    var contents: CheckpointContents
    do throws(CheckpointError) {
      // What is no checkpoint is told by its first bytes, before all of it is unpacked.
      _ = try FileKind.detect(ByteStore(copying: Gzip.head(of: store, count: FileHead.limit)))
      contents = try read(Gzip.unpack(store, unpacking), file: file, inner)
    } catch {
      throw error.inside("the gzip stream", of: file)
    }
    contents.notes.insert("The file is compressed with gzip and was unpacked.", at: 0)
    contents.lies(in: store, file: file)
    return contents
  }

  private static func readSafetensors(
    _ store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let stateDict = try StateDict(
      safetensors: store, file: file, checksOnUse: options.checksCRC, tensorLimit: options.limits.tensorCount)
    var names = NameBudget(options.limits)
    for (name, tensor) in stateDict { try names.add(name.utf8.count, rank: tensor.shape.count) }
    try names.close()
    let source = stateDict.metadata.source
    var contents = CheckpointContents(
      source?.format ?? .safetensors, file: file, store: store,
      tensors: stateDict.map { NamedTensor(name: $0.name, tensor: $0.tensor) }, leftOut: stateDict.metadata.leftOut,
      values: .stateDict(stateDict))
    contents.marks = source?.marks ?? [:]
    return contents
  }
}

extension TorchPickle {
  /// Reads what the globals and persistent ids of a pickle mean, and the files that lie in it.
  init(_ pickle: Pickle, options: CheckpointOptions) throws(CheckpointError) {
    try self.init(pickle, options: options, reading: FileReader.read)
  }
}
