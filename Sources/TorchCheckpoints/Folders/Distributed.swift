import StateDicts

/// A folder of torch.distributed.checkpoint: tensors in chunks, which several processes wrote.
///
///     .metadata         pickle of Metadata: for each name its type, size and chunks; for each chunk its file, offset, length
///     __0_0.distcp      items one after another, each a whole file of torch.save
///     __0.metadata      the same as .metadata for one rank, where no rank gathered them
///
/// Torch reads `.metadata` with Python's own unpickler, which runs what it is told to; here it is data.
/// Source: `torch/distributed/checkpoint/metadata.py`, `filesystem.py`.
struct Distributed {
  static func open(
    _ folder: CheckpointFolder, metadata names: [String], options: CheckpointOptions
  ) throws(CheckpointError) -> Checkpoint {
    var metadata = DistributedMetadata()
    var store = ByteStore(copying: [])
    var globals: [Checkpoint.GlobalUse] = []
    for name in names {
      do throws(CheckpointError) {
        store = try folder.store(name, options)
        var reader = PickleReader(store, options: options)
        try metadata.add(TorchValues(reader.next(), records: NoRecords()))
        globals += reader.globals
      } catch {
        throw error.located(file: folder.file(name))
      }
    }
    var reading = Distributed(folder: folder, options: options, metadata: metadata)
    for entry in metadata.tensors { try reading.readTensor(entry) }
    for name in metadata.values { try reading.readValue(name) }
    let items = reading.stores.values.reduce(0) { $0 + $1.count }
    return try Checkpoint(
      format: .distributed, file: folder.path, store: store, byteCount: store.count + items, tensors: reading.tensors,
      marks: metadata.marks + [JSONValue.Member("files", .integer(reading.stores.count))],
      otherValues: reading.values, globals: globals + reading.globals, options: options)
  }

  private let folder: CheckpointFolder
  private let options: CheckpointOptions
  private let metadata: DistributedMetadata
  private var stores: [String: ByteStore] = [:]
  private var tensors: [NamedTensor] = []
  private var values: [JSONValue.Member] = []
  private var globals: [Checkpoint.GlobalUse] = []

  private init(folder: CheckpointFolder, options: CheckpointOptions, metadata: DistributedMetadata) {
    self.folder = folder
    self.options = options
    self.metadata = metadata
  }

  private mutating func readTensor(_ entry: DistributedMetadata.TensorEntry) throws(CheckpointError) {
    var chunks: [TensorChunk] = []
    var seen = Set<[Int]>()
    for chunk in entry.chunks where seen.insert(chunk.offsets).inserted {
      let item = try item(entry.name, chunk.offsets)
      guard item.tensors.count == 1, item.tensors[0].tensor.shape == chunk.sizes else {
        throw CheckpointError(
          .malformedTensor, "\(entry.name): its item at \(chunk.offsets) is not the tensor \(chunk.sizes) it should be."
        )
      }
      chunks.append(TensorChunk(offsets: chunk.offsets, tensor: item.tensors[0].tensor))
    }
    let tensor = try Tensor.assembled(
      shape: entry.size, elementType: entry.elementType, chunks: chunks, requiresGrad: entry.requiresGrad,
      name: entry.name)
    tensors.append(NamedTensor(name: entry.name, tensor: tensor))
  }

  private mutating func readValue(_ name: String) throws(CheckpointError) {
    let item = try item(name, nil)
    tensors += item.tensors.map { NamedTensor(name: $0.name.isEmpty ? name : "\(name).\($0.name)", tensor: $0.tensor) }
    if let value = item.value { values.append(JSONValue.Member(name, value.json())) }
  }

  /// What lies where the metadata says, opened as the file that it is.
  private mutating func item(_ name: String, _ offsets: [Int]?) throws(CheckpointError) -> Checkpoint {
    guard let place = metadata.places[DistributedMetadata.Index(name: name, offsets: offsets)] else {
      throw CheckpointError(
        .missingRecord, "\(name): the metadata does not say where its part at \(offsets ?? []) lies.",
        file: folder.path)
    }
    guard !place.isTransformed else {
      throw CheckpointError(
        .unsupported, "\(name) was saved through an extension (compressed or encrypted), which cannot be undone here.",
        remedy: "save it without stream transforms")
    }
    let store = try store(place.file)
    guard place.offset >= 0, place.byteCount >= 0, place.offset <= store.count,
      place.byteCount <= store.count - place.offset
    else {
      throw CheckpointError(
        .truncated, "\(name) should be \(place.byteCount) bytes at \(place.offset), where \(store.count) are in all.",
        file: folder.file(place.file), remedy: "the file may have been cut short: copy it again")
    }
    let part = ByteStore(store, range: place.offset..<place.offset + place.byteCount)
    do throws(CheckpointError) {
      let item = try Checkpoint(part, file: folder.file(place.file), options: options)
      globals += item.globals
      return item
    } catch var error {
      error.message = "\(name): \(error.message)"
      throw error
    }
  }

  private mutating func store(_ file: String) throws(CheckpointError) -> ByteStore {
    if let store = stores[file] { return store }
    try folder.requireInside(file)
    do throws(CheckpointError) {
      let store = try folder.store(file, options)
      stores[file] = store
      return store
    } catch  where error.code == .notFound {
      throw CheckpointError(
        .missingRecord, "The file \(file) is not in the folder.", file: folder.path,
        remedy: "copy it from the machine of the rank that wrote it")
    }
  }
}
