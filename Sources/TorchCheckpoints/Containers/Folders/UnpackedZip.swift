import StateDicts

/// Torch's zip format after something unpacked it: each record is a file.
///
///     net/data.pkl            80 02 7d …             the value
///     net/data/0              00 00 80 3f …          a storage
///     net/byteorder           6c 69 74 74 6c 65      "little"; may be absent, as any other mark
struct UnpackedZip {
  private let folder: CheckpointFolder
  private let options: CheckpointOptions

  /// Whether a folder is an unpacked archive: data.pkl, and another file that only torch writes.
  static func isAt(_ folder: CheckpointFolder) -> Bool {
    folder.names.contains("data.pkl")
      && ["data", "version", "byteorder", ".data"].contains(where: folder.names.contains)
  }

  static func open(
    _ folder: CheckpointFolder, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let unpacked = UnpackedZip(folder: folder, options: options)
    let byteOrder = try TorchZip.byteOrder(unpacked.record)
    let (store, values, byteCount) = try unpacked.values("data.pkl", "data", byteOrder)
    var constants: [NamedTensor] = []
    var globals: [GlobalUse] = []
    let isScript = folder.names.contains("constants.pkl")
    if isScript {
      let (_, values, _) = try unpacked.values("constants.pkl", "constants", byteOrder)
      constants = try TensorWalk.tensors(
        under: values.pickle.root, of: values, .everything, limits: options.limits
      ).found.map { $0.under("constants") }
      globals = values.globals
    }
    var contents = try CheckpointContents(
      isScript ? .torchscript : .zip, file: folder.path, store: store, byteCount: store.count + byteCount,
      pickled: values, constants: constants, limits: options.limits)
    contents.marks = try TorchZip.marks(unpacked.record) + contents.marks
    contents.notes.insert("The archive is unpacked, so there are no checksums.", at: 0)
    contents.globals += globals
    return contents
  }

  /// A pickle with its storages in a folder next to it, and their total size.
  private func values(
    _ name: String, _ storages: String, _ byteOrder: ByteOrder
  ) throws(CheckpointError) -> (ByteStore, TorchValues, byteCount: Int) {
    let store = try folder.store(name, options)
    let origin = StorageOrigin(file: folder.path, entryPrefix: storages + "/", checksOnUse: options.checksCRC)
    let records = FileRecords(folder: folder, origin: origin, byteOrder: byteOrder, options: options)
    do throws(CheckpointError) {
      let read = try TorchPickle(PickleMachine.run(store, 0..<store.count, limits: options.limits), options: options)
      let values = try TorchValues(read, records: records)
      return (store, values, records.byteCount.withLock { $0 })
    } catch {
      throw error.located(file: folder.file(name))
    }
  }

  /// A small record as a string without its line end; nil if there is no such file.
  private func record(_ name: String) throws(CheckpointError) -> String? {
    do throws(CheckpointError) {
      let store = try folder.store(name, options)
      return String(store.text(0..<4096).prefix { $0 != "\n" && $0 != "\r\n" })
    } catch  where error.code == .notFound || error.code == .isDirectory {
      return nil
    }
  }
}

/// Storages as files `data/KEY` of a folder.
private struct FileRecords: StorageRecords {
  let folder: CheckpointFolder
  let origin: StorageOrigin
  let byteOrder: ByteOrder
  let options: CheckpointOptions
  /// Of all files that were opened.
  let byteCount = Locked(0)

  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    let name = origin.entryPrefix + key
    guard !key.contains("/"), !key.contains("\\"), !key.contains("\0"), key != ".", key != "..", !key.isEmpty else {
      throw CheckpointError.malformedTensor("The storage \(key.prefix(100)) is missing from the folder.")
    }
    let remedy = "the folder is not a complete unpacked archive: unpack it again"
    let store: ByteStore
    do throws(CheckpointError) {
      store = try folder.store(name, options)
    } catch  where error.code == .notFound {
      guard byteCount > 0 else {
        return Storage(.region(ByteStore(copying: []), offset: 0), byteCount: 0, key: key, origin: origin)
      }
      throw CheckpointError(
        .missingRecord, "A storage of \(byteCount) bytes has no file.", file: folder.file(name), remedy: remedy)
    }
    guard store.count >= byteCount else {
      throw CheckpointError(
        .missingRecord, "A storage of \(byteCount) bytes has a file of \(store.count).", file: folder.file(name),
        remedy: remedy)
    }
    self.byteCount.withLock { $0 += store.count }
    return Storage(
      .region(store, offset: 0), byteCount: store.count, byteOrder: byteOrder, key: key, location: location,
      origin: origin)
  }
}
