/// The `data.pkl` of a `.pth` file: values, and tensors as calls of the functions that rebuild them.
///
/// Sources: `torch/_utils.py`, `Tensor.__reduce_ex__` in `torch/_tensor.py`, `persistent_id` in `torch/serialization.py`.
struct TorchPickle {
  private let kept: [OutputSelection.Kept]
  /// Filled as tensors are written.
  private(set) var storages: TorchStorages
  private let placeOfName: [ExactName: Int]
  private let document: TorchDocument
  /// Whether a tensor is a persistent id, its name, instead of a call that rebuilds it.
  private let refersToTensors: Bool
  var writer = PickleWriter()

  /// The values that are not written as they were, each with the reason.
  var notKept: [LeftOut] { document.notKept }

  init(_ metadata: StateDict.Metadata, _ kept: [OutputSelection.Kept], _ storages: TorchStorages) {
    self.kept = kept
    self.storages = storages
    refersToTensors = false
    document = TorchDocument(metadata, kept)
    var places = [ExactName: Int](minimumCapacity: kept.count)
    for (place, item) in kept.enumerated() { places[ExactName(item.name)] = place }
    placeOfName = places
  }

  fileprivate init(references value: PythonValue) {
    kept = []
    storages = TorchStorages()
    refersToTensors = true
    document = TorchDocument(value)
    placeOfName = [:]
  }

  /// Writes the checkpoint's value.
  mutating func bytes() -> [UInt8] {
    write(document.root)
    writer.stop()
    return writer.bytes
  }

  // MARK: - Values

  private mutating func write(_ value: PythonValue) {
    switch value {
    case .none: writer.none()
    case .record(let json): writeRecord(json)
    case .bool(let value): writer.bool(value)
    case .integer(let value): writer.integer(value)
    case .bigInteger(let digits): writer.integer(littleEndian: WideInteger.bytes(digits) ?? [])
    case .float(let value): writer.float(value)
    case .complex(let real, let imaginary): call("__builtin__", "complex", [.float(real), .float(imaginary)])
    case .text(let text): writer.text(text)
    case .bytes(let bytes):
      // `bytes()` itself is not a name that torch's safe loader knows.
      call("_codecs", "encode", [.text(Self.latin1(bytes)), .text("latin1")])
    case .bytearray(let bytes):
      call("__builtin__", "bytearray", bytes.isEmpty ? [] : [.text(Self.latin1(bytes)), .text("latin-1")])
    case .list(let items):
      writer.emptyList()
      batches(items, of: { $0.appends() }) { $0.write($1) }
    case .tuple(let items): writeTuple(items)
    case .set(let items), .frozenset(let items): call("__builtin__", "set", [.list(items)])
    case .dict(let entries), .instance(_, let entries):
      writer.emptyDict()
      set(entries)
    case .orderedDict(let entries, let attributes):
      writer.emptyOrderedDict()
      set(entries)
      guard !attributes.isEmpty else { return }
      write(.dict(attributes))
      writer.build()
    case .counter(let entries): call("collections", "Counter", [.dict(entries)])
    case .dtype(let name): writer.global("torch", name)
    case .size(let sizes): call("torch", "Size", [.tuple(sizes)])
    case .device(let name):
      let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
      let index = parts.count > 1 ? Int(parts[1]) : nil
      call("torch", "device", [.text(parts.first ?? "cpu")] + (index.map { [.integer($0)] } ?? []))
    case .tensor(let name) where refersToTensors:
      writer.text(name)
      writer.persistentID()
    case .tensor(let name):
      guard let place = placeOfName[ExactName(name)] else { return writer.none() }
      write(kept[place].tensor)
    case .stateDict(let entries): writeStateDict(entries)
    }
  }

  /// An object of an unknown class: its class, for a reader that calls nothing, and none in a file.
  private mutating func writeRecord(_ json: JSONValue) {
    guard refersToTensors, case .string(let name)? = json["class"], let dot = name.lastIndex(of: "."),
      case let module = name[..<dot], case let last = name[name.index(after: dot)...], !module.isEmpty, !last.isEmpty,
      !name.utf8.contains(UInt8(ascii: "\n"))
    else { return writer.none() }
    writer.global(String(module), String(last))
  }

  /// The tensors that have no place of their own, what else is among them, and torch's `_metadata`.
  private mutating func writeStateDict(_ entries: [PythonValue.Entry]) {
    writer.emptyOrderedDict()
    batches(document.unplaced, of: { $0.setItems() }) { pickle, place in
      pickle.writer.text(pickle.kept[place].name)
      pickle.write(pickle.kept[place].tensor)
    }
    set(entries)
    guard !document.modules.isEmpty else { return }
    write(.dict([PythonValue.Entry(.text("_metadata"), .orderedDict(document.modules, attributes: []))]))
    writer.build()
  }

  private mutating func set(_ entries: [PythonValue.Entry]) {
    batches(entries, of: { $0.setItems() }) { pickle, entry in
      pickle.write(entry.key)
      pickle.write(entry.value)
    }
  }

  /// A thousand at a time, as Python does it.
  private mutating func batches<Item>(
    _ items: [Item], of end: (inout PickleWriter) -> Void, _ body: (inout TorchPickle, Item) -> Void
  ) {
    for (number, item) in items.enumerated() {
      if number % 1000 == 0 {
        if number > 0 { end(&writer) }
        writer.mark()
      }
      body(&self, item)
    }
    if !items.isEmpty { end(&writer) }
  }

  private mutating func call(_ module: String, _ name: String, _ arguments: [PythonValue]) {
    writer.global(module, name)
    writeTuple(arguments)
    writer.reduce()
  }

  private mutating func writeTuple(_ items: [PythonValue]) {
    guard !items.isEmpty else { return writer.emptyTuple() }
    writer.mark()
    for item in items { write(item) }
    writer.tuple()
  }

  /// Each byte as the character of that number.
  private static func latin1(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
  }

  // MARK: - Tensors

  private mutating func write(_ tensor: Tensor) {
    guard let composition = tensor.composition else { return writeStrided(tensor) }
    // Of these only parameters keep that they require gradients.
    let isParameter = tensor.requiresGrad && !composition.hasElements && composition.kind != .meta
    if isParameter {
      writer.global("torch._utils", "_rebuild_parameter")
      writer.mark()
    }
    switch composition.kind {
    case .quantizedPerTensor, .quantizedPerChannel: writeQuantized(tensor, composition)
    case .meta:
      writer.global("torch._utils", "_rebuild_meta_tensor_no_storage")
      writer.mark()
      writer.global("torch", tensor.elementType.rawValue)
      writer.tuple(tensor.shape)
      writer.tuple(tensor.strides)
      writer.bool(tensor.requiresGrad)
    case .nested:
      writer.global("torch._utils", "_rebuild_nested_tensor")
      writer.mark()
      for component in composition.components { write(component.tensor) }
    default:
      writer.global("torch._utils", "_rebuild_sparse_tensor")
      writer.mark()
      call("torch.serialization", "_get_layout", [.text("torch.\(composition.kind.rawValue)")])
      writer.mark()
      for component in composition.components { write(component.tensor) }
      call("torch", "Size", [.tuple(tensor.shape.map { .integer($0) })])
      if case .bool(let isCoalesced)? = composition.attributes["is_coalesced"] { writer.bool(isCoalesced) }
      writer.tuple()
    }
    writer.tuple()
    writer.reduce()
    guard isParameter else { return }
    writer.bool(true)
    writer.emptyOrderedDict()
    writer.tuple()
    writer.reduce()
  }

  /// A call of `_rebuild_tensor_v2`, or of `_rebuild_tensor_v3` for a type that no storage class counts.
  private mutating func writeStrided(_ tensor: Tensor) {
    let view = storages.view(of: tensor)
    let isTyped = storages.written[view.storage].elementType != nil
    writer.global("torch._utils", isTyped ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3")
    writer.mark()
    writeGeometry(tensor, view)
    // Torch refuses gradients of integers.
    writer.bool(tensor.requiresGrad && (tensor.elementType.isFloatingPoint || tensor.elementType.isComplex))
    writer.emptyOrderedDict()
    if !isTyped { writer.global("torch", tensor.elementType.rawValue) }
    if view.isPending, !tensor.pendingOperations.isEmpty {
      // A key that is there is set, whatever its value.
      var entries: [PythonValue.Entry] = []
      if tensor.pendingOperations.contains(.conjugate) { entries.append(PythonValue.Entry(.text("conj"), .bool(true))) }
      if tensor.pendingOperations.contains(.negate) { entries.append(PythonValue.Entry(.text("neg"), .bool(true))) }
      write(.dict(entries))
    }
    writer.tuple()
    writer.reduce()
  }

  /// What all calls that rebuild a strided tensor begin with: storage, offset, sizes, strides.
  private mutating func writeGeometry(_ tensor: Tensor, _ view: TorchStorages.View) {
    let storage = storages.written[view.storage]
    writer.mark()
    writer.remembered("storage")
    if let type = storage.elementType, let name = type.torchStorageClass {
      writer.global("torch", name)
    } else {
      writer.global("torch.storage", "UntypedStorage")
    }
    writer.text(String(view.storage))
    // Whatever device it was on: the file opens everywhere.
    writer.remembered("cpu")
    writer.integer(storage.tensor.byteCount / (storage.elementType?.byteCount ?? 1))
    writer.tuple()
    writer.persistentID()
    writer.integer(view.offset)
    writer.tuple(tensor.shape)
    writer.tuple(view.strides)
  }

  private mutating func writeQuantized(_ tensor: Tensor, _ composition: Composition) {
    let view = storages.view(of: tensor)
    writer.global("torch._utils", "_rebuild_qtensor")
    writer.mark()
    writeGeometry(tensor, view)
    writer.mark()
    if composition.kind == .quantizedPerTensor {
      writer.global("torch", "per_tensor_affine")
      if case .number(let scale)? = composition.attributes["scale"] { writer.float(scale) }
      if case .integer(let zero)? = composition.attributes["zero_point"] { writer.integer(zero) }
    } else {
      writer.global("torch", "per_channel_affine")
      for component in composition.components { write(component.tensor) }
      if case .integer(let axis)? = composition.attributes["axis"] { writer.integer(axis) }
    }
    writer.tuple()
    writer.bool(tensor.requiresGrad)
    writer.emptyOrderedDict()
  }
}

extension PythonValue {
  /// The value as a pickle in which a tensor is a persistent id, its name: for our own readers.
  package var pickledByReference: [UInt8] {
    var pickle = TorchPickle(references: self)
    return pickle.bytes()
  }
}

extension OutputPlan {
  /// A file as `torch.save` of torch 2.13 writes it.
  ///
  ///     archive/data.pkl                 the values, and which tensor views which storage how
  ///     archive/.format_version          "1"
  ///     archive/.storage_alignment       "64"
  ///     archive/byteorder                "little"
  ///     archive/data/0 …                 the storages
  ///     archive/version                  "3\n"
  ///     archive/.data/serialization_id   forty digits
  ///
  /// - Throws: As `init(_:as:_:)`.
  init(pth stateDict: StateDict, _ options: WriteOptions) throws(CheckpointError) {
    let selection = try OutputSelection(stateDict, options, reason: { $0.tensor.reasonNotInTorch }, mayAlias: nil)
    let (value, storages, notKept) = try Self.pickle(stateDict.metadata, selection.kept)
    let head: [(name: String, content: ZipFrame.Content)] = [
      ("archive/data.pkl", .bytes(value)),
      ("archive/.format_version", .bytes(Array("1".utf8))),
      ("archive/.storage_alignment", .bytes(Array("\(ZipFrame.alignment)".utf8))),
      ("archive/byteorder", .bytes(Array("little".utf8))),
    ]
    let tensors = storages.indices.lazy.map { number in
      (name: "archive/data/\(number)", content: ZipFrame.Content.tensor(storages[number].tensor))
    }
    let tail: [(name: String, content: ZipFrame.Content)] = [
      ("archive/version", .bytes(Array("3\n".utf8))),
      ("archive/.data/serialization_id", .serializationID),
    ]
    let frame = try ZipFrame([AnySequence(head), AnySequence(tensors), AnySequence(tail)].joined())
    self.init(
      OutputFile(rows: frame.rows, frame: frame),
      selection.report(byteCount: storages.reduce(0) { $0 + $1.tensor.byteCount }, notKept: notKept))
  }

  /// What is needed for the pickle alone is freed before the archive is laid out.
  private static func pickle(
    _ metadata: StateDict.Metadata, _ kept: [OutputSelection.Kept]
  ) throws(CheckpointError) -> (bytes: [UInt8], storages: [TorchStorages.Written], notKept: [LeftOut]) {
    let storages = try TorchStorages(kept.lazy.flatMap(\.tensor.partsWithElements))
    var pickle = TorchPickle(metadata, kept, storages)
    return (pickle.bytes(), pickle.storages.written, pickle.notKept)
  }
}

extension Tensor {
  /// Why a `.pth` file that `torch.load(weights_only=True)` opens cannot say this tensor; nil if it can.
  fileprivate var reasonNotInTorch: String? {
    switch composition?.kind {
    case .wrapperSubclass, .jagged: reasonNotStrided
    default: nil
    }
  }
}
