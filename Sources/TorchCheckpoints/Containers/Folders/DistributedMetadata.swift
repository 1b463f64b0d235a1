import StateDicts

/// What `.metadata` says: each tensor's type, size and chunks, and where each chunk lies.
///
///     Metadata            state_dict_metadata {name: TensorStorageMetadata or BytesStorageMetadata}
///                         planner_data {name: path}: "model.fc.weight": ("model", "fc.weight")
///                         storage_data {MetadataIndex: _StorageInfo}
///     TensorStorageMetadata    properties (dtype, layout, requires_grad, …), size, chunks [ChunkStorageMetadata]
///     ChunkStorageMetadata     offsets, sizes
///     MetadataIndex            fqn, offset, index
///     _StorageInfo             relative_path, offset, length, perhaps transform_descriptors
struct DistributedMetadata {
  struct TensorEntry {
    let name: String
    let elementType: ElementType
    let requiresGrad: Bool
    let size: [Int]
    var chunks: [(offsets: [Int], sizes: [Int])]
  }

  /// What a chunk is known by: each rank counts its own, so the offsets are what tells chunks apart.
  struct Index: Hashable {
    let name: ExactName
    let offsets: [Int]?

    init(name: String, offsets: [Int]?) {
      self.name = ExactName(name)
      self.offsets = offsets
    }
  }

  struct Place {
    let file: String
    let offset: Int
    let byteCount: Int
    let isTransformed: Bool
  }

  /// What an item is, in the order of the metadata.
  enum Item {
    /// An index into `tensors`.
    case tensor(Int)
    case value(String)
  }

  private(set) var tensors: [TensorEntry] = []
  private(set) var items: [Item] = []
  /// Where each item stands in the state that was saved, if the metadata says so.
  private(set) var paths: [ExactName: [NestedState.Step]] = [:]
  private(set) var places: [Index: Place] = [:]
  private(set) var marks: JSONObject = [:]
  private var entryOfName: [ExactName: Int] = [:]

  private func malformed(_ message: String) -> CheckpointError { CheckpointError.malformedHeader(message) }

  /// Adds what one file says, of all ranks or of one.
  ///
  /// - Throws: `malformedHeader`.
  mutating func add(_ read: TorchValues) throws(CheckpointError) {
    let root = read.pickle.root
    guard let entries = read.attribute("state_dict_metadata", of: root).flatMap(read.mapping) else {
      throw malformed("Not metadata of torch.distributed.checkpoint: there is no state_dict_metadata.")
    }
    for entry in entries { try add(read.pickle.keyText(entry.key), entry.value, read) }
    for entry in read.attribute("planner_data", of: root).flatMap(read.mapping) ?? [] {
      guard let path = path(entry.value, read) else { continue }
      paths[ExactName(read.pickle.keyText(entry.key))] = path
    }
    for entry in read.attribute("storage_data", of: root).flatMap(read.mapping) ?? [] { try addPlace(entry, read) }
    if marks.isEmpty, let version = read.attribute("version", of: root).flatMap(read.pickle.text) {
      marks.append("version", .string(version))
    }
  }

  /// A path of keys and of places in lists.
  private func path(_ id: Pickle.ID, _ read: TorchValues) -> [NestedState.Step]? {
    guard let parts = read.pickle.sequence(at: id), !parts.isEmpty, parts.count <= PythonValue.depthLimit / 2 else {
      return nil
    }
    var path: [NestedState.Step] = []
    for part in parts {
      if let text = read.pickle.text(at: part) {
        path.append(.key(ExactName(text)))
      } else if let place = read.pickle.integer(at: part), place >= 0 {
        path.append(.place(place))
      } else {
        return nil
      }
    }
    return path
  }

  private mutating func add(_ name: String, _ id: Pickle.ID, _ read: TorchValues) throws(CheckpointError) {
    guard let size = read.attribute("size", of: id).flatMap(read.integers) else {
      if read.attribute("chunks", of: id) != nil { throw malformed("\(name) has no size.") }
      if entryOfName.updateValue(-1, forKey: ExactName(name)) == nil { items.append(.value(name)) }
      return
    }
    guard let properties = read.attribute("properties", of: id), let (type, requiresGrad) = type(properties, read)
    else {
      throw malformed("\(name) has an unknown dtype.")
    }
    var chunks: [(offsets: [Int], sizes: [Int])] = []
    for chunk in read.attribute("chunks", of: id).flatMap(read.pickle.sequence) ?? [] {
      guard let offsets = read.attribute("offsets", of: chunk).flatMap(read.integers),
        let sizes = read.attribute("sizes", of: chunk).flatMap(read.integers)
      else { throw malformed("\(name) has a chunk without offsets and sizes.") }
      chunks.append((offsets, sizes))
    }
    if let known = entryOfName[ExactName(name)], known >= 0 {
      guard tensors[known].size == size, tensors[known].elementType == type else {
        throw malformed("\(name) has different sizes or dtypes in the metadata of two ranks.")
      }
      tensors[known].chunks += chunks
    } else {
      entryOfName[ExactName(name)] = tensors.count
      items.append(.tensor(tensors.count))
      tensors.append(
        TensorEntry(name: name, elementType: type, requiresGrad: requiresGrad, size: size, chunks: chunks))
    }
  }

  /// `TensorProperties` has a tuple for its state, the dtype first; a dict in the first versions.
  private func type(_ id: Pickle.ID, _ read: TorchValues) -> (ElementType, requiresGrad: Bool)? {
    var parts: [Pickle.ID?] = [read.attribute("dtype", of: id), nil, read.attribute("requires_grad", of: id)]
    if parts[0] == nil { parts = read.pickle.object(at: id)?.state.flatMap(read.pickle.sequence).map(Array.init) ?? [] }
    guard let first = parts.first ?? nil, case .elementType(let type)? = read.meaning(at: first) else { return nil }
    let flag = parts.count > 2 ? parts[2].flatMap { read.pickle.bool(at: $0) } : nil
    return (type, flag ?? false)
  }

  private mutating func addPlace(_ entry: TorchValues.Entry, _ read: TorchValues) throws(CheckpointError) {
    guard let name = read.attribute("fqn", of: entry.key).flatMap(read.pickle.text),
      let file = read.attribute("relative_path", of: entry.value).flatMap(read.pickle.text),
      let offset = read.attribute("offset", of: entry.value).flatMap(read.pickle.integer),
      let length = read.attribute("length", of: entry.value).flatMap(read.pickle.integer)
    else { throw malformed("A chunk has no name, file, offset or length.") }
    let transforms = read.attribute("transform_descriptors", of: entry.value).flatMap(read.pickle.sequence)
    let offsets = read.attribute("offset", of: entry.key).flatMap(read.integers)
    places[Index(name: name, offsets: offsets)] = Place(
      file: file, offset: offset, byteCount: length, isTransformed: transforms?.isEmpty == false)
  }
}
