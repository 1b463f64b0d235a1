import StateDicts

/// Files inside a pickle.
///
/// `pickle.dump` of a tensor, without torch.save, writes its storage as a call of a function with the bytes of a whole
/// file, mostly one of the legacy format:
///
///     63 torch.storage _load_from_bytes    28 42 b5 01 00 00 80 02 8a 0a 6c fc 9c … 74 52      ( bytes t R
///
/// Other programs keep what torch.save wrote as a value (skorch's `__cuda_dependent_attributes__`):
///
///     58 07 00 00 00 module_    42 25 07 00 00 50 4b 03 04 …      "module_": bytes
///
/// Nothing is called: the bytes are opened as any other file, under the same limits and rules.
/// Source: `__reduce__` in `torch/storage.py`.
struct EmbeddedFiles: Sendable {
  private var files: [Pickle.ID: CheckpointContents] = [:]
  /// Those of them that are calls of `_load_from_bytes`, whose value is that of the file.
  private var calls = Set<Pickle.ID>()
  /// Contents of the files that were opened, by their bytes, which may be named any number of times.
  private var opened: [Pickle.Slice: CheckpointContents] = [:]
  /// Every global that they name.
  private(set) var globals: [GlobalUse] = []
  /// Of bytes that look like a checkpoint and cannot be read as one.
  private(set) var notes: [String] = []

  /// - Parameter read: Reads a file of any kind.
  /// - Throws: `malformedTensor` where the function is given no bytes, `limitExceeded`, and what reading a file throws.
  init(
    _ pickle: Pickle, _ meanings: [GlobalMeaning], options: CheckpointOptions, read: CheckpointContents.Reader
  ) throws(CheckpointError) {
    var inner = options
    inner.embeddingDepth += 1
    inner.objectNumber = 0
    var elements: Set<Pickle.ID>?
    for place in pickle.nodes.indices {
      let id = Pickle.ID(index: Int32(truncatingIfNeeded: place))
      if case .object(let number) = pickle.nodes[place],
        pickle.meaning(of: pickle.objects[number], meanings) == .loadFromBytes
      {
        guard let bytes = pickle.sequence(at: pickle.objects[number].arguments)?.first, pickle.isBytes(bytes, meanings)
        else { throw CheckpointError.malformedTensor("torch.storage._load_from_bytes is called without bytes.") }
        files[id] = try open(pickle, bytes, options: inner, read)
        calls.insert(id)
      } else if let bytes = pickle.bytesValue(at: id, meanings) {
        let head = FileHead(bytes: pickle.head(of: bytes))
        guard head.mayBeCheckpoint else { continue }
        let known = elements ?? pickle.elementBytes(meanings)
        elements = known
        if !known.contains(bytes) { try add(pickle, id, bytes, head, options: inner, read) }
      }
    }
    opened = [:]
  }

  /// The file that a value is; nil for any other value.
  subscript(id: Pickle.ID) -> CheckpointContents? { files.isEmpty ? nil : files[id] }

  /// The value and contents of the file that a call opens; nil for any other value.
  func root(at id: Pickle.ID) -> (values: TorchValues, id: Pickle.ID)? {
    guard calls.contains(id), case .pickled(let values)? = files[id]?.values else { return nil }
    return (values, values.pickle.root)
  }

  /// Opens a value if it is a file; other bytes are left alone.
  private mutating func add(
    _ pickle: Pickle, _ id: Pickle.ID, _ bytes: Pickle.ID, _ head: FileHead, options: CheckpointOptions,
    _ read: CheckpointContents.Reader
  ) throws(CheckpointError) {
    do throws(CheckpointError) {
      let file = try open(pickle, bytes, options: options, read)
      if !file.tensors.isEmpty { files[id] = file }
    } catch  where error.code == .dangerousGlobal || error.code == .limitExceeded {
      throw error
    } catch  where error.code != .notACheckpoint && !head.isPlainPickle {
      notes.append("\(error.entry ?? "A file in the pickle") cannot be read: \(error.message)")
    } catch {}
  }

  private mutating func open(
    _ pickle: Pickle, _ bytes: Pickle.ID, options: CheckpointOptions, _ read: CheckpointContents.Reader
  ) throws(CheckpointError) -> CheckpointContents {
    guard options.embeddingDepth <= CheckpointLimits.embeddingDepth else {
      throw CheckpointError.nestedTooDeep()
    }
    let slice = pickle.slice(of: bytes)
    if let file = opened[slice] { return file }
    try options.limits.spending?.addFile()
    let store: ByteStore
    if case .object(let index) = pickle[bytes] {
      store = ByteStore(copying: pickle.encodedBytes(pickle.objects[index]) ?? [])
    } else if slice.start >= 0 {
      store = ByteStore(pickle.store, range: slice.start..<slice.start + Int(slice.count))
    } else {
      store = ByteStore(copying: pickle.bytes(slice))
    }
    do throws(CheckpointError) {
      let file = try read(store, "<bytes in the pickle>", options)
      globals += file.globals
      opened[slice] = file
      return file
    } catch var error {
      error.file = nil
      error.entry = "the file in the pickle at byte \(max(slice.start - pickle.range.lowerBound, 0))"
      throw error
    }
  }
}

extension Pickle {
  /// The bytes that a value is, that its `io.BytesIO` holds (the state is `(bytes, position, attributes)`), or that
  /// `bytearray` is called with in protocols before 5.
  fileprivate func bytesValue(at id: ID, _ meanings: [GlobalMeaning]) -> ID? {
    if isBytes(id, meanings) { return id }
    guard case .object(let index) = self[id], let global = global(at: objects[index].callable) else { return nil }
    let holder: ID?
    switch global.name {
    case "BytesIO": holder = global.module == "_io" || global.module == "io" ? objects[index].state : nil
    case "bytearray": holder = objects[index].arguments
    default: return nil
    }
    guard let first = holder.flatMap(sequence)?.first, isBytes(first, meanings) else { return nil }
    return first
  }

  /// Where bytes stand: as they are, or as the text that `_codecs.encode` is given.
  fileprivate func slice(of bytes: ID) -> Slice {
    switch self[bytes] {
    case .bytes(let slice), .bytearray(let slice), .byteText(let slice): return slice
    case .object(let index):
      if let text = sequence(at: objects[index].arguments)?.first, case .text(let slice) = self[text] { return slice }
      return Slice(start: range.lowerBound, count: 0)
    default: return Slice(start: range.lowerBound, count: 0)
    }
  }

  /// The first of the bytes, enough to tell a file by.
  fileprivate func head(of id: ID) -> [UInt8] {
    let whole = slice(of: id)
    let head = bytes(Slice(start: whole.start, count: min(whole.count, 64)))
    guard case .object = self[id] else { return head }
    return String(decoding: head, as: UTF8.self).unicodeScalars.compactMap { UInt8(exactly: $0.value) }
  }

  /// The bytes that are elements of numpy's arrays or that `_load_from_bytes` is called with: no values by themselves.
  fileprivate func elementBytes(_ meanings: [GlobalMeaning]) -> Set<ID> {
    var found = Set<ID>()
    for object in objects {
      let arguments = sequence(at: object.arguments) ?? []
      switch meaning(of: object, meanings) {
      case .numpyReconstruct: found.formUnion(object.state.flatMap(sequence)?.suffix(1) ?? [])
      case .numpyFromBuffer, .loadFromBytes: found.formUnion(arguments.prefix(1))
      case .numpyScalar: found.formUnion(arguments.dropFirst().prefix(1))
      default: continue
      }
    }
    return found
  }
}
