import StateDicts

/// A folder of torch.distributed.checkpoint: tensors in chunks, which several processes wrote.
///
///     .metadata         pickle of Metadata: for each name its type, size and chunks; for each chunk its file, offset, length
///     __0_0.distcp      items one after another, each a whole file of torch.save; or one safetensors file of all tensors
///                       behind the other items, which each tensor's place then points to
///     __0.metadata      the same as .metadata for one rank, where no rank gathered them
///
/// What was saved is the nested state that `dcp_to_torch_save` makes of the folder, so it is read like the `.pth` of that state.
/// torch reads `.metadata` with Python's unpickler, which runs the code that it names; here it is data.
/// Source: `torch/distributed/checkpoint/metadata.py`, `filesystem.py`.
struct Distributed {
  static func open(
    _ folder: CheckpointFolder, metadata names: [String], _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    var metadata = DistributedMetadata()
    var store = ByteStore(copying: [])
    var globals: [GlobalUse] = []
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
    for item in metadata.items {
      switch item {
      case .tensor(let place): try reading.readTensor(metadata.tensors[place])
      case .value(let name): try reading.readValue(name)
      }
    }
    let byteCount = reading.stores.values.reduce(store.count) { $0 + $1.count }
    var contents = try CheckpointContents(
      .distributed, file: folder.path, store: store, byteCount: byteCount,
      pickled: reading.state.values(tensors: reading.tensors, options), limits: options.limits)
    contents.marks = metadata.marks + ["files": .integer(reading.stores.count)]
    contents.globals = globals + reading.globals
    return contents
  }

  private let folder: CheckpointFolder
  private let options: CheckpointOptions
  private let metadata: DistributedMetadata
  private var stores: [String: ByteStore] = [:]
  /// The chunks of each safetensors file within a file.
  private var safetensors: [Place: [DistributedMetadata.Index: Tensor]] = [:]
  /// The state as it was saved, in which each tensor is a name.
  private var state = NestedState()
  private var tensors: [ExactName: Tensor] = [:]
  private var globals: [GlobalUse] = []

  private init(folder: CheckpointFolder, options: CheckpointOptions, metadata: DistributedMetadata) {
    self.folder = folder
    self.options = options
    self.metadata = metadata
  }

  private mutating func readTensor(_ entry: DistributedMetadata.TensorEntry) throws(CheckpointError) {
    var chunks: [TensorChunk] = []
    var seen = Set<[Int]>()
    for chunk in entry.chunks where seen.insert(chunk.offsets).inserted {
      guard let tensor = try chunkTensor(entry.name, chunk.offsets), tensor.shape == chunk.sizes else {
        throw CheckpointError.malformedTensor(
          "\(entry.name): the item at \(chunk.offsets) is not a tensor of shape \(chunk.sizes)."
        )
      }
      chunks.append(TensorChunk(offsets: chunk.offsets, tensor: tensor))
    }
    let tensor = try Tensor.assembled(
      shape: entry.size, elementType: entry.elementType, chunks: chunks, requiresGrad: entry.requiresGrad,
      name: entry.name)
    tensors[ExactName(entry.name)] = tensor
    state.insert(.tensor(entry.name), at: path(entry.name), of: entry.name)
  }

  private mutating func chunkTensor(_ name: String, _ offsets: [Int]) throws(CheckpointError) -> Tensor? {
    let place = try place(name, offsets)
    let store = try store(place.file)
    guard (0..<store.count).contains(place.offset),
      case let rest = ByteStore(store, range: place.offset..<store.count),
      !place.isTransformed, FileHead(rest).isSafetensors
    else {
      let item = try item(name, offsets)
      return item.tensors.count == 1 ? item.tensors[0].tensor : nil
    }
    let key = Place(file: place.file, offset: place.offset)
    if safetensors[key] == nil {
      let path = folder.file(place.file)
      let chunks = try DistributedSafetensors.chunks(of: rest, file: path, options) ?? []
      safetensors[key] = Dictionary(
        chunks.map { (DistributedMetadata.Index(name: $0.name, offsets: $0.chunk.offsets), $0.chunk.tensor) },
        uniquingKeysWith: { first, _ in first })
    }
    return safetensors[key]?[DistributedMetadata.Index(name: name, offsets: offsets)]
  }

  private mutating func readValue(_ name: String) throws(CheckpointError) {
    let item = try item(name, nil)
    for found in item.tensors {
      let inner = found.under(name)
      tensors[ExactName(inner.name)] = found.tensor
      let path = path(name) + (inner.name == name ? [] : [.key(ExactName(found.name))])
      state.insert(.tensor(inner.name), at: path, of: inner.name)
    }
    guard item.tensors.isEmpty, case .pickled(let values) = item.values else { return }
    state.insert(OtherValues(in: values).value ?? .none, at: path(name), of: name)
  }

  /// Where an item stands in the state; torch puts those without a path at its top.
  private func path(_ name: String) -> [NestedState.Step] {
    metadata.paths[ExactName(name)] ?? [.key(ExactName(name))]
  }

  private struct Place: Hashable {
    let file: String
    let offset: Int
  }

  /// Where the metadata says that a part lies.
  private func place(_ name: String, _ offsets: [Int]?) throws(CheckpointError) -> DistributedMetadata.Place {
    guard let place = metadata.places[DistributedMetadata.Index(name: name, offsets: offsets)] else {
      throw CheckpointError(
        .missingRecord, "\(name): the metadata has no file for the chunk at \(offsets ?? []).",
        file: folder.path)
    }
    return place
  }

  /// What lies there, opened as the file that it is.
  private mutating func item(_ name: String, _ offsets: [Int]?) throws(CheckpointError) -> CheckpointContents {
    let place = try place(name, offsets)
    guard !place.isTransformed else {
      throw CheckpointError(
        .unsupported, "\(name) was saved with a stream extension (compression or encryption), which is not supported.",
        remedy: "save it again without stream extensions")
    }
    let store = try store(place.file)
    guard place.offset >= 0, place.byteCount >= 0, place.offset <= store.count,
      place.byteCount <= store.count - place.offset
    else {
      throw CheckpointError.truncated(
        "\(name) needs \(place.byteCount) bytes at offset \(place.offset), but the file has only \(store.count).",
        file: folder.file(place.file))
    }
    let part = ByteStore(store, range: place.offset..<place.offset + place.byteCount)
    do throws(CheckpointError) {
      let item = try FileReader.read(part, file: folder.file(place.file), options)
      globals += item.globals
      return item
    } catch var error {
      error.message = "\(name): \(error.message)"
      throw error
    }
  }

  private mutating func store(_ file: String) throws(CheckpointError) -> ByteStore {
    if let store = stores[file] { return store }
    do throws(CheckpointError) {
      let store = try folder.store(folder.inside(file), options)
      stores[file] = store
      return store
    } catch  where error.code == .notFound {
      throw CheckpointError(
        .missingRecord, "The file \(file) is missing. \(error.message)", file: folder.path,
        remedy: "copy it from the machine of the rank that wrote it")
    }
  }
}
