import StateDicts

/// A pickle with what torch means by it: its tensors and the storages that they view.
struct TorchValues: Sendable {
  let pickle: Pickle
  let meanings: [GlobalMeaning]
  let storages: StorageTable

  /// - Throws: `dangerousGlobal` unless the options go on; what `StorageTable` throws.
  init(_ pickle: Pickle, records: some StorageRecords, options: CheckpointOptions) throws(CheckpointError) {
    self.pickle = pickle
    meanings = pickle.globals.map(GlobalMeaning.init)
    if !options.allowsDangerousGlobals, let place = meanings.firstIndex(of: .dangerous) {
      let global = pickle.globals[place]
      throw CheckpointError(
        .dangerousGlobal,
        "The pickle names \(global.module).\(global.name), which exists to run code. It was not run.",
        remedy: "do not load this file with Python; to see its tensors nevertheless, pass --allow-dangerous-globals")
    }
    storages = try StorageTable(pickle, meanings, records: records)
  }

  /// What a node's global means, if it is one.
  func meaning(at id: Pickle.ID) -> GlobalMeaning? {
    if case .global(let index) = pickle[id] { meanings[index] } else { nil }
  }

  /// The items of a call's argument tuple.
  func arguments(_ object: Pickle.Object) -> ArraySlice<Pickle.ID> { pickle.sequence(at: object.arguments) ?? [] }

  // MARK: - Tensors

  /// The tensor that a node stands for; nil if it stands for something else.
  ///
  /// - Throws: `malformedTensor`.
  func tensor(at id: Pickle.ID) throws(CheckpointError) -> Tensor? {
    guard case .object(let index) = pickle[id] else { return nil }
    let object = pickle.objects[index]
    guard let meaning = meaning(at: object.callable) else { return nil }
    return try rebuild(meaning, arguments(object), depth: 0)
  }

  /// The state that a tensor carries beside its elements: the attributes of a subclass or parameter.
  func tensorState(at id: Pickle.ID) -> Pickle.ID? {
    guard let object = pickle.object(at: id), let meaning = meaning(at: object.callable) else { return nil }
    let parts = arguments(object)
    guard parts.count > 3, meaning == .rebuildFromTypeV2 || meaning == .rebuildParameterWithState else { return nil }
    return parts[parts.startIndex + 3]
  }

  private func rebuild(
    _ meaning: GlobalMeaning, _ arguments: ArraySlice<Pickle.ID>, depth: Int
  ) throws(CheckpointError) -> Tensor? {
    // `_rebuild_from_type_v2` wraps another call, and parameters wrap tensors; nobody wraps more than a few times.
    guard depth < 16 else { throw CheckpointError(.malformedTensor, "A tensor that is wrapped 16 times.") }
    let arguments = Array(arguments)
    func require(_ count: Int) throws(CheckpointError) {
      guard arguments.count >= count else {
        throw CheckpointError(.malformedTensor, "A tensor with \(arguments.count) arguments of \(count).")
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
        throw CheckpointError(.malformedTensor, "A tensor of a dtype that is not known.")
      }
      return try stridedTensor(
        arguments, elementType: type, requiresGrad: arguments[4], metadata: arguments.count > 7 ? arguments[7] : nil)
    case .rebuildParameter, .rebuildParameterWithState:
      try require(2)
      guard let data = pickle.object(at: arguments[0]), let inner = self.meaning(at: data.callable),
        let tensor = try rebuild(inner, self.arguments(data), depth: depth + 1)
      else { throw CheckpointError(.malformedTensor, "A parameter without a tensor.") }
      return tensor.requiringGrad(pickle.bool(at: arguments[1]) ?? true)
    case .rebuildFromTypeV2:
      try require(3)
      guard let inner = self.meaning(at: arguments[0]), let innerArguments = pickle.sequence(at: arguments[2]) else {
        throw CheckpointError(.malformedTensor, "A tensor of a subclass without the call that makes it.")
      }
      return try rebuild(inner, innerArguments, depth: depth + 1)
    default: return nil
    }
  }

  /// `(storage, storage_offset, size, stride, …)`, which all of torch's strided tensors begin with.
  private func stridedTensor(
    _ arguments: [Pickle.ID], elementType: ElementType?, requiresGrad: Pickle.ID?, metadata: Pickle.ID?
  ) throws(CheckpointError) -> Tensor {
    guard case .persistent(let number) = pickle[arguments[0]] else {
      throw CheckpointError(.malformedTensor, "A tensor whose storage is something else.")
    }
    let reference = storages[number]
    guard let offset = pickle.integer(at: arguments[1]), let shape = integers(at: arguments[2]),
      let strides = integers(at: arguments[3])
    else { throw CheckpointError(.malformedTensor, "A tensor whose sizes, strides or offset are no 64-bit numbers.") }
    let type = elementType ?? reference.elementType
    var operations: Tensor.PendingOperations = []
    if let metadata {
      if flag("conj", in: metadata) { operations.insert(.conjugate) }
      if flag("neg", in: metadata) { operations.insert(.negate) }
    }
    return try Tensor(
      elementType: type,
      geometry: TensorGeometry(
        shape: shape, strides: strides, offset: offset, elementByteCount: type.byteCount,
        storageByteCount: reference.byteCount),
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
    guard let ids = pickle.sequence(at: id) else { return nil }
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
