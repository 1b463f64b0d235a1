import StateDicts

/// The safetensors variant of torch.distributed.checkpoint: no `.metadata`, each file's own metadata says where its
/// chunks belong.
///
///     {"__metadata__": {"DCP_SHARDING_INFO": "{\"rows\": {\"saved_offsets\": [3, 0]}}"}, "rows": {…}}
///
/// A tensor's size is as far as its chunks reach. Source: `torch/distributed/checkpoint/hf_storage.py`.
enum DistributedSafetensors {
  /// Whether the first safetensors file of a folder says that it has chunks.
  static func isAt(_ folder: CheckpointFolder) -> Bool {
    guard let name = folder.names.first(where: { $0.hasSuffix(".safetensors") }),
      let store = try? ByteStore(path: folder.place(name), .automatic),
      let metadata = try? StateDict.safetensorsMetadata(store)
    else { return false }
    return metadata["DCP_SHARDING_INFO"] != nil
  }

  /// Nil if the folder is not a checkpoint.
  static func open(
    _ folder: CheckpointFolder, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents? {
    var names: [String] = []
    var chunks: [ExactName: [TensorChunk]] = [:]
    var first: ByteStore?
    var byteCount = 0
    for file in folder.names where file.hasSuffix(".safetensors") {
      let path = folder.file(file)
      let store = try folder.store(file, options)
      // The name may be all that is of the format: a pointer of Git LFS.
      if first == nil, (try? FileKind.detect(store)) != .safetensors { return nil }
      do throws(CheckpointError) {
        guard let listed = try self.chunks(of: store, file: path, options) else { return nil }
        first = first ?? store
        byteCount += store.count
        for (name, chunk) in listed {
          if chunks[ExactName(name)] == nil { names.append(name) }
          chunks[ExactName(name), default: []].append(chunk)
        }
      } catch {
        throw error.located(file: path)
      }
    }
    guard let first else { return nil }
    var tensors: [NamedTensor] = []
    for name in names {
      let parts = chunks[ExactName(name)] ?? []
      guard let part = parts.first else { continue }
      let size = try size(parts, name)
      let tensor = try Tensor.assembled(
        shape: size, elementType: part.tensor.elementType, chunks: parts, requiresGrad: false, name: name)
      tensors.append(NamedTensor(name: name, tensor: tensor))
    }
    var contents = try CheckpointContents(
      .distributed, file: folder.path, store: first, byteCount: byteCount, tensors: tensors)
    contents.marks = ["variant": "safetensors"]
    return contents
  }

  /// The chunks of one file; nil where it does not say that it has any.
  static func chunks(
    of store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> [(name: String, chunk: TensorChunk)]? {
    guard let info = try StateDict.safetensorsMetadata(store)["DCP_SHARDING_INFO"] else { return nil }
    let places = try JSONValue(parsing: info)
    var chunks: [(name: String, chunk: TensorChunk)] = []
    for (name, tensor) in try StateDict(safetensors: store, file: file, checksOnUse: options.checksCRC) {
      try chunks.append((name, TensorChunk(offsets: offsets(places[name], tensor), tensor: tensor)))
    }
    return chunks
  }

  private static func offsets(_ place: JSONValue?, _ tensor: Tensor) throws(CheckpointError) -> [Int] {
    guard let place else { return [Int](repeating: 0, count: tensor.shape.count) }
    guard let items = place["saved_offsets"]?.arrayValue else {
      throw CheckpointError.malformedHeader("A chunk without its offsets.")
    }
    return items.compactMap(\.intValue)
  }

  private static func size(_ chunks: [TensorChunk], _ name: String) throws(CheckpointError) -> [Int] {
    var size = [Int](repeating: 0, count: chunks[0].tensor.shape.count)
    for chunk in chunks {
      guard chunk.offsets.count == size.count, chunk.tensor.shape.count == size.count else {
        throw CheckpointError.malformedTensor("\(name): its chunks have different numbers of dimensions.")
      }
      for axis in size.indices {
        guard let end = chunk.offsets[axis].plus(chunk.tensor.shape[axis]) else {
          throw CheckpointError.impossibleSize("\(name)")
        }
        size[axis] = max(size[axis], end)
      }
    }
    return size
  }
}
