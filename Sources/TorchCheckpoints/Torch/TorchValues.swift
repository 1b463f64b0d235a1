import StateDicts

/// A pickle with what torch means by it: its tensors and the storages that they view.
final class TorchValues: Sendable {
  let pickle: Pickle
  let meanings: [GlobalMeaning]
  /// Every global that the pickle names, and what the files inside it name.
  let globals: [GlobalUse]
  private let embedded: EmbeddedFiles
  let numpyVoidType: ElementType?
  let storages: StorageTable
  /// Of a TorchScript archive: what its classes call parameters and buffers.
  let scriptClasses: [String: ScriptClass]
  /// Tensors that were put together from the files of several ranks, in place of this file's parts.
  private let gathered: [Pickle.ID: Tensor]

  /// - Throws: what `StorageTable` throws.
  init(
    _ read: TorchPickle, records: some StorageRecords, scriptClasses: [String: ScriptClass] = [:]
  ) throws(CheckpointError) {
    self.scriptClasses = scriptClasses
    gathered = [:]
    pickle = read.pickle
    meanings = read.meanings
    globals = read.globals
    embedded = read.embedded
    numpyVoidType = read.numpyVoidType
    storages = try StorageTable(read.persistentIDs, records: records)
  }

  /// The values of one rank's file, with whole tensors in place of its parts.
  init(_ values: TorchValues, gathered: [Pickle.ID: Tensor]) {
    self.gathered = gathered
    pickle = values.pickle
    meanings = values.meanings
    globals = values.globals
    embedded = values.embedded
    numpyVoidType = values.numpyVoidType
    storages = values.storages
    scriptClasses = values.scriptClasses
  }

  /// What a node's global means, if it is one.
  func meaning(at id: Pickle.ID) -> GlobalMeaning? {
    switch pickle[id] {
    case .global(let index): return meanings[index]
    case .persistent(let number):
      if case .sourcedClass(let sourced) = storages[number], case .global(let index) = pickle[sourced.id] {
        return meanings[index]
      }
      return nil
    default: return nil
    }
  }

  /// The name of a class or function, module first; nil for anything else.
  func globalName(at id: Pickle.ID) -> String? {
    switch pickle[id] {
    case .global(let index): return pickle.globals[index].qualifiedName
    case .persistent(let number):
      guard case .sourcedClass(let sourced) = storages[number] else { return nil }
      return pickle.global(at: sourced.id)?.qualifiedName
    default: return nil
    }
  }

  /// The items of a call's argument tuple.
  func arguments(_ object: Pickle.Object) -> ArraySlice<Pickle.ID> { pickle.sequence(at: object.arguments) ?? [] }

  /// The storage of a node; nil if it is something else.
  func storageReference(at id: Pickle.ID) -> StorageReference? {
    switch pickle[id] {
    case .persistent(let number):
      if case .storage(let reference) = storages[number] { return reference }
      return nil
    case .object: return embedded.root(at: id).flatMap { $0.values.storageReference(at: $0.id) }
    default: return nil
    }
  }

  /// The file that a value is: bytes that hold one, or a call with them; nil for anything else.
  func file(at id: Pickle.ID) -> CheckpointContents? { embedded[id] }

  /// What a reader should know of the pickle.
  var notes: [String] {
    var notes = embedded.notes
    if pickle.hasHalfPairs {
      notes.append("Strings with an unpaired surrogate are shown as in Python, with the escape \\udXXX.")
    }
    return notes
  }

  // MARK: - Tensors

  /// Whether a node is a tensor, valid or not, by the call that makes it, without making it.
  func isTensor(at id: Pickle.ID) -> Bool {
    switch pickle[id] {
    case .object(let index):
      if let inner = embedded.root(at: id) { return inner.values.isTensor(at: inner.id) }
      return meaning(at: pickle.objects[index].callable)?.makesTensor ?? false
    case .persistent(let number): if case .tensor = storages[number] { return true } else { return false }
    default: return false
    }
  }

  /// The tensor of a node; nil if it is something else.
  ///
  /// - Throws: `malformedTensor`.
  func tensor(at id: Pickle.ID) throws(CheckpointError) -> Tensor? {
    try tensor(at: id, depth: 0)
  }

  func tensor(at id: Pickle.ID, depth: Int) throws(CheckpointError) -> Tensor? {
    if !gathered.isEmpty, let whole = gathered[id] { return whole }
    switch pickle[id] {
    case .object(let index):
      let object = pickle.objects[index]
      guard let meaning = meaning(at: object.callable) else { return nil }
      if let inner = embedded.root(at: id) { return try inner.values.tensor(at: inner.id, depth: depth + 1) }
      if meaning == .tensorClass { return try wrapped(object, depth: depth) }
      return try rebuild(meaning, arguments(object), depth: depth)
    case .persistent(let number):
      if case .tensor(let tensor) = storages[number] { return tensor }
      return nil
    default: return nil
    }
  }

  /// `Parameter(tensor)` with the state `(requires_grad, volatile, hooks)`; or, of torch 0.1, `Parameter()` with the
  /// state `(tensor, gradient, hooks, requires_grad, volatile)`, and `FloatTensor()` with `(storage, offset, size,
  /// stride)`.
  ///
  /// Source: `__setstate__` in `torch/_tensor.py`.
  private func wrapped(_ object: Pickle.Object, depth: Int) throws(CheckpointError) -> Tensor? {
    let state = Array(object.state.flatMap(pickle.sequence) ?? [])
    if state.count == 4 {
      return try stridedTensor(state, elementType: nil, requiresGrad: nil, metadata: nil)
    }
    let (data, flag) = state.count == 5 ? (state[0], state[3]) : (arguments(object).first, state.first)
    guard depth < 16, let data, let tensor = try tensor(at: data, depth: depth + 1) else { return nil }
    let requiresGrad = flag.flatMap { id in pickle.bool(at: id) ?? pickle.integer(at: id).map { $0 != 0 } }
    return tensor.requiringGrad(requiresGrad ?? true)
  }

  /// The state of a tensor other than its elements: the attributes of a subclass or parameter.
  func tensorState(at id: Pickle.ID) -> Pickle.ID? {
    guard let object = pickle.object(at: id), let meaning = meaning(at: object.callable) else { return nil }
    let parts = arguments(object)
    guard parts.count > 3, meaning == .rebuildFromTypeV2 || meaning == .rebuildParameterWithState else { return nil }
    // A jagged tensor's attributes are its components once more.
    if let inner = parts.first, self.meaning(at: inner) == .rebuildJagged { return nil }
    // So are those of what is spread over ranks; the rest says where the devices are.
    let kind = parts[parts.startIndex + 1]
    if isDTensor(kind) || isShardedTensor(kind) { return nil }
    return parts[parts.startIndex + 3]
  }

  private func rebuild(
    _ meaning: GlobalMeaning, _ arguments: ArraySlice<Pickle.ID>, state: Pickle.ID? = nil, depth: Int
  ) throws(CheckpointError) -> Tensor? {
    // `_rebuild_from_type_v2` wraps another call, and parameters wrap tensors; nobody wraps more than a few times.
    guard depth < 16 else { throw CheckpointError.malformedTensor("A tensor is wrapped 16 times.") }
    let arguments = Array(arguments)
    func require(_ count: Int) throws(CheckpointError) {
      guard arguments.count >= count else {
        throw CheckpointError.malformedTensor("A tensor has \(arguments.count) arguments instead of \(count).")
      }
    }
    switch meaning {
    case .rebuildTensor:
      try require(4)
      return try stridedTensor(arguments, elementType: nil, requiresGrad: nil, metadata: nil)
    case .rebuildTensorV2:
      try require(5)
      return try stridedTensor(
        arguments, elementType: nil, requiresGrad: arguments[4], metadata: arguments.count > 6 ? arguments[6] : nil)
    case .rebuildTensorV3:
      try require(7)
      guard case .elementType(let type)? = self.meaning(at: arguments[6]) else {
        throw CheckpointError.malformedTensor("A tensor has an unknown dtype.")
      }
      return try stridedTensor(
        arguments, elementType: type, requiresGrad: arguments[4], metadata: arguments.count > 7 ? arguments[7] : nil)
    case .rebuildParameter, .rebuildParameterWithState:
      try require(2)
      guard let tensor = try tensor(at: arguments[0], depth: depth + 1) else {
        throw CheckpointError.malformedTensor("A parameter has no tensor.")
      }
      return tensor.requiringGrad(pickle.bool(at: arguments[1]) ?? true)
    case .rebuildFromTypeV2:
      try require(3)
      guard let inner = self.meaning(at: arguments[0]), let innerArguments = pickle.sequence(at: arguments[2]) else {
        throw CheckpointError.malformedTensor("A tensor subclass has no function that makes it.")
      }
      return try rebuild(
        inner, innerArguments, state: arguments.count > 3 ? arguments[3] : nil, depth: depth + 1)
    default: return try rebuildComposed(meaning, arguments, state: state, depth: depth)
    }
  }

  /// `(storage, storage_offset, size, stride, …)`, which all of torch's strided tensors begin with.
  private func stridedTensor(
    _ arguments: [Pickle.ID], elementType: ElementType?, requiresGrad: Pickle.ID?, metadata: Pickle.ID?
  ) throws(CheckpointError) -> Tensor {
    guard let reference = storageReference(at: arguments[0]) else {
      throw CheckpointError.malformedTensor("The storage of a tensor is not a storage.")
    }
    guard let offset = pickle.integer(at: arguments[1]), let shape = integers(at: arguments[2]),
      let strides = integers(at: arguments[3])
    else { throw CheckpointError.malformedTensor("The sizes, strides or offset of a tensor are not 64-bit integers.") }
    let type = elementType ?? reference.elementType
    var operations: Tensor.PendingOperations = []
    if let metadata {
      if flag("conj", in: metadata) { operations.insert(.conjugate) }
      if flag("neg", in: metadata) { operations.insert(.negate) }
    }
    return try Tensor(
      elementType: type, geometry: reference.geometry(shape: shape, strides: strides, offset: offset, of: type),
      storage: reference.storage, requiresGrad: requiresGrad.flatMap { pickle.bool(at: $0) } ?? false,
      pendingOperations: operations)
  }

  /// A tuple or list of integers, or `torch.Size` of one.
  func integers(at id: Pickle.ID) -> [Int]? {
    if let object = pickle.object(at: id), meaning(at: object.callable) == .size, let first = arguments(object).first {
      return plainIntegers(at: first)
    }
    return plainIntegers(at: id)
  }

  private func plainIntegers(at id: Pickle.ID) -> [Int]? {
    // Any number of tensors may name one long list of sizes.
    guard let ids = pickle.sequence(at: id), ids.count <= TensorGeometry.rankLimit else { return nil }
    var values: [Int] = []
    values.reserveCapacity(ids.count)
    for id in ids {
      guard let value = pickle.integer(at: id) else { return nil }
      values.append(value)
    }
    return values
  }

  private func flag(_ name: String, in metadata: Pickle.ID) -> Bool {
    guard let entries = pickle.flatEntries(at: metadata) else { return false }
    return stride(from: 0, to: entries.count - 1, by: 2).contains { place in
      pickle.text(at: entries[place]) == name && pickle.bool(at: entries[place + 1]) == true
    }
  }
}
