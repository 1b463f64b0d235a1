import StateDicts

/// Numpy's arrays and scalars inside a pickle.
///
///     _reconstruct(ndarray, (0,), b'b'), then state (1, shape, dtype, is Fortran's, bytes)
///     _frombuffer(bytes, dtype, shape, 'C' or 'F')                  protocol 5
///     scalar(dtype, bytes)
///     dtype('f4', False, True), then state (3, '<', …)
///     tuple(('linear_0.w_0', array))                                Paddle's tensor, with the name that it had there
///
/// Bytes may be a latin-1 string in `_codecs.encode`, in protocol 2 of Python 3. Source: numpy's
/// `multiarray` and `numpy/_core/numeric.py`.
extension TorchValues {
  /// The array or scalar of a node; nil for anything else, and for arrays whose elements are not numbers.
  ///
  /// - Throws: `malformedTensor`.
  func array(at id: Pickle.ID) throws(CheckpointError) -> Tensor? {
    guard let object = pickle.object(at: id), let meaning = meaning(at: object.callable) else { return nil }
    let parts: [Pickle.ID]
    switch meaning {
    case .tuple:
      parts = Array(items(ofTuple: id) ?? [])
      guard parts.count == 2, pickle.text(at: parts[0]) != nil, items(ofTuple: parts[1]) == nil else { return nil }
      return try array(at: parts[1])
    case .numpyReconstruct:
      let state = Array(object.state.flatMap(pickle.sequence) ?? [])
      guard state.count >= 5, let isFortran = pickle.bool(at: state[3]) else { return nil }
      return try array(state[4], of: state[2], shape: integers(at: state[1]), isFortran: isFortran)
    case .numpyFromBuffer:
      parts = Array(arguments(object))
      guard parts.count >= 4 else { return nil }
      return try array(
        parts[0], of: parts[1], shape: integers(at: parts[2]), isFortran: pickle.text(at: parts[3]) == "F")
    case .numpyScalar:
      parts = Array(arguments(object))
      guard parts.count >= 2 else { return nil }
      return try array(parts[1], of: parts[0], shape: [], isFortran: false)
    default: return nil
    }
  }

  /// The items of a tuple that a call of `tuple` makes; nil for anything else.
  func items(ofTuple id: Pickle.ID) -> ArraySlice<Pickle.ID>? {
    guard let object = pickle.object(at: id), meaning(at: object.callable) == .tuple else { return nil }
    return arguments(object).first.flatMap(pickle.sequence)
  }

  /// Whether a node is a numpy scalar, which is a number more than an array.
  func isNumpyScalar(_ id: Pickle.ID) -> Bool {
    pickle.object(at: id).map { meaning(at: $0.callable) == .numpyScalar } ?? false
  }

  /// Whether a node makes an array, of numbers or of anything else.
  func isArray(_ id: Pickle.ID) -> Bool {
    guard let object = pickle.object(at: id), let meaning = meaning(at: object.callable) else { return false }
    return meaning == .numpyReconstruct || meaning == .numpyFromBuffer
  }

  /// Why an array is no tensor, where its elements have no type here; nil for anything else.
  func reasonWithoutType(at id: Pickle.ID) -> String? {
    guard isArray(id), let object = pickle.object(at: id) else { return nil }
    let parts: [Pickle.ID]
    let place: Int
    if let state = object.state.flatMap(pickle.sequence) {
      (parts, place) = (Array(state), 2)
    } else {
      (parts, place) = (Array(arguments(object)), 1)
    }
    guard parts.indices.contains(place), let type = pickle.object(at: parts[place]),
      meaning(at: type.callable) == .numpyType, numpyType(at: parts[place]) == nil
    else { return nil }
    return NumpyType.reasonWithoutType(arguments(type).first.flatMap(pickle.text) ?? "a class of its own")
  }

  private func array(
    _ bytes: Pickle.ID, of type: Pickle.ID, shape: [Int]?, isFortran: Bool
  ) throws(CheckpointError) -> Tensor? {
    guard let type = numpyType(at: type), let shape else { return nil }
    guard let (contents, byteCount) = contents(at: bytes) else { return nil }
    let geometry = try TensorGeometry(numpy: shape, isFortran: isFortran, of: type.elementType, byteCount: byteCount)
    let storage = Storage(contents, byteCount: byteCount, byteOrder: type.byteOrder, key: "array", origin: .memory)
    return Tensor(elementType: type.elementType, geometry: geometry, storage: storage)
  }

  /// `dtype(name, align, copy)` with the state `(version, byte order, …)`.
  private func numpyType(at id: Pickle.ID) -> NumpyType? {
    guard let object = pickle.object(at: id), meaning(at: object.callable) == .numpyType,
      let first = arguments(object).first
    else { return nil }
    // ml_dtypes' types are classes: dtype(ml_dtypes.bfloat16, False, True).
    if let global = pickle.global(at: first), global.module == "ml_dtypes" {
      return NumpyType(global.name)
    }
    guard let name = pickle.text(at: first) else { return nil }
    let state = object.state.flatMap(pickle.sequence)
    return NumpyType(name, order: state?.dropFirst().first.flatMap(pickle.text))
      ?? NumpyType(void: name, as: numpyVoidType)
  }

  /// The location of bytes: in the pickle, or in a string that must be converted back.
  private func contents(at id: Pickle.ID) -> (Storage.Contents, byteCount: Int)? {
    switch pickle[id] {
    case .bytes(let slice), .bytearray(let slice), .byteText(let slice):
      guard slice.start >= 0 else {
        let store = ByteStore(copying: pickle.bytes(slice))
        return (.region(store, offset: 0), store.count)
      }
      return (.region(pickle.store, offset: slice.start), Int(slice.count))
    case .object(let index):
      let object = pickle.objects[index]
      let parts = Array(arguments(object))
      if pickle.encodedBytes(object)?.isEmpty == true { return (.region(pickle.store, offset: 0), 0) }
      guard meaning(at: object.callable) == .codecsEncode, let first = parts.first,
        case .text(let slice) = pickle[first], parts.count < 2 || isLatin1(parts[1])
      else { return nil }
      let contents = Latin1Text(pickle: pickle, slice: slice)
      return (.lazy(contents), contents.byteCount)
    default: return nil
    }
  }

  private func isLatin1(_ id: Pickle.ID) -> Bool {
    ["latin1", "latin-1", "iso-8859-1"].contains(pickle.text(at: id)?.lowercased())
  }
}
