import StateDicts

/// Files inside a pickle: `pickle.dump` of a tensor, without torch.save, writes its storage as a call of a function with
/// the bytes of a whole file, mostly one of the legacy format.
///
///     63 torch.storage _load_from_bytes    28 42 b5 01 00 00 80 02 8a 0a 6c fc 9c … 74 52      ( bytes t R
///
/// Nothing is called: the bytes are opened as any other file, under the same limits and rules.
/// Source: `__reduce__` in `torch/storage.py`.
struct EmbeddedFiles: Sendable {
  /// Files in files in files: nobody needs more than one level, and each costs its bytes only once.
  static let depthLimit = 4

  /// By the number of the object that the call makes.
  private let checkpoints: [Int: Checkpoint]
  /// Every global that they name.
  let globals: [Checkpoint.GlobalUse]

  /// - Throws: `malformedTensor` where the function is given no bytes, `limitExceeded`, and what opening a file throws.
  init(_ pickle: Pickle, _ meanings: [GlobalMeaning], options: CheckpointOptions) throws(CheckpointError) {
    var checkpoints: [Int: Checkpoint] = [:]
    var globals: [Checkpoint.GlobalUse] = []
    if meanings.contains(.loadFromBytes) {
      var inner = options
      inner.embeddingDepth += 1
      inner.objectNumber = 0
      var opened: [Pickle.Slice: Checkpoint] = [:]
      for (number, object) in pickle.objects.enumerated() {
        guard case .global(let index) = pickle[object.callable], meanings[index] == .loadFromBytes else { continue }
        guard let argument = pickle.sequence(at: object.arguments)?.first, let slice = pickle.byteSlice(at: argument)
        else { throw CheckpointError(.malformedTensor, "torch.storage._load_from_bytes without bytes.") }
        guard inner.embeddingDepth <= Self.depthLimit else {
          throw CheckpointError(.limitExceeded, "Files lie in files, more than \(Self.depthLimit) deep.")
        }
        // The same bytes may be named any number of times.
        if opened[slice] == nil {
          let checkpoint = try Self.open(pickle, argument, slice, options: inner)
          globals += checkpoint.globals
          opened[slice] = checkpoint
        }
        checkpoints[number] = opened[slice]
      }
    }
    self.checkpoints = checkpoints
    self.globals = globals
  }

  /// The value of the file that an object stands for, and what it is a part of; nil for any other object.
  func root(of object: Int) -> (values: TorchValues, id: Pickle.ID)? {
    guard case .pickled(let values)? = checkpoints[object]?.contents else { return nil }
    return (values, values.pickle.root)
  }

  /// Whether a file holds more than the one storage or tensor that it stands for.
  var holdMore: Bool {
    checkpoints.keys.contains { number in
      guard let (values, id) = root(of: number) else { return true }
      return values.storageReference(at: id) == nil && !values.isTensor(at: id)
    }
  }

  private static func open(
    _ pickle: Pickle, _ argument: Pickle.ID, _ slice: Pickle.Slice, options: CheckpointOptions
  ) throws(CheckpointError) -> Checkpoint {
    let store: ByteStore
    if case .object(let index) = pickle[argument] {
      store = ByteStore(copying: pickle.encodedBytes(pickle.objects[index]) ?? [])
    } else if slice.start >= 0 {
      store = ByteStore(pickle.store, range: slice.start..<slice.start + Int(slice.count))
    } else {
      store = ByteStore(copying: pickle.bytes(slice))
    }
    do throws(CheckpointError) {
      return try Checkpoint(store, file: "<bytes in the pickle>", options: options)
    } catch var error {
      error.file = nil
      error.entry = "the file in the pickle at byte \(max(slice.start - pickle.range.lowerBound, 0))"
      throw error
    }
  }

  /// Whether the function is handed on as a value: what Python would then call it with is not to be known.
  static func isHandedOn(_ number: Int, in pickle: Pickle) -> Bool {
    func isFunction(_ id: Pickle.ID) -> Bool {
      if case .global(let index) = pickle[id] { index == number } else { false }
    }
    return isFunction(pickle.root) || pickle.items.contains(where: isFunction)
      || pickle.sequences.contains { $0.contains(where: isFunction) }
      || pickle.objects.contains { $0.state.map(isFunction) ?? false }
      || pickle.persistentIDs.contains(where: isFunction)
  }
}

extension Pickle {
  /// Where a value's bytes stand: of bytes as they are, or of the text that `_codecs.encode` is given.
  fileprivate func byteSlice(at id: ID) -> Slice? {
    switch self[id] {
    case .bytes(let slice), .bytearray(let slice), .byteText(let slice): return slice
    case .object(let index):
      guard encodedBytes(objects[index]) != nil, let text = sequence(at: objects[index].arguments)?.first,
        case .text(let slice) = self[text]
      else { return nil }
      return slice
    default: return nil
    }
  }
}
