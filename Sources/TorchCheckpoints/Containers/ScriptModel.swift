import StateDicts

/// TorchScript archives of torch 1.0 to 1.2: a table of tensors in JSON.
///
///     net/model.json      {"mainModule": {"parameters": [{"name": "w", "tensorId": "0", "isBuffer": false}],
///                          "submodules": [{"name": "conv", …}]},
///                          "tensors": [{"dims": ["2", "3"], "strides": ["3", "1"], "offset": "0",
///                                       "dataType": "FLOAT", "data": {"key": "tensors/0"}, "requiresGrad": true}]}
///     net/tensors/0       00 00 80 3f …
///     net/attributes.pkl  a list; a tensor in it is build_tensor_from_id(number in the table)
///
/// It is protobuf's JSON: 64-bit integers are strings, and values that are false, zero or empty are absent.
/// Source: torch 1.2's `caffe2/proto/torch.proto` and `torch/csrc/jit/import_legacy.cpp`.
struct ScriptModel {
  static func entry(of archive: ZipArchive) -> ZipArchive.Entry? {
    archive.entries.lazy.filter { $0.name.isPath(to: "model.json") }.min { $0.name.utf8.count < $1.name.utf8.count }
  }

  static func open(
    _ archive: ZipArchive, _ entry: ZipArchive.Entry, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    do throws(CheckpointError) {
      let json = try JSONValue(parsing: archive.text(of: entry, limit: options.limits.inflatedPickleByteCount))
      var model = ScriptModel(
        archive: archive, root: String(entry.name.dropLast("model.json".count)), file: file, options: options)
      try model.readTable(json["tensors"])
      try model.readAttributes()
      guard let module = json["mainModule"] else { throw model.malformed("There is no main module.") }
      try model.visit(module, path: "", depth: 0)
      var contents = try CheckpointContents(.torchscript, file: file, store: archive.store, tensors: model.found)
      for name in ["protoVersion", "producerName", "producerVersion"] { contents.marks[name] = json[name] }
      contents.notes = archive.notes
      contents.globals = model.globals
      contents.archive = archive
      return contents
    } catch {
      throw error.located(entry: entry.name)
    }
  }

  private let archive: ZipArchive
  private let root: String
  private let options: CheckpointOptions
  private let origin: StorageOrigin
  private var table: [Tensor] = []
  private var storages: [String: Storage] = [:]
  /// Of the values in `attributes.pkl`, those that are tensors.
  private var attributes: [Tensor?] = []
  private var found: [NamedTensor] = []
  private var names: NameBudget
  private var globals: [GlobalUse] = []

  private init(archive: ZipArchive, root: String, file: String, options: CheckpointOptions) {
    self.archive = archive
    self.root = root
    self.options = options
    names = NameBudget(options.limits)
    origin = StorageOrigin(file: file, entryPrefix: root, checksOnUse: options.checksCRC)
  }

  private func malformed(_ message: String) -> CheckpointError { CheckpointError.malformedHeader(message) }

  // MARK: - The table

  private mutating func readTable(_ json: JSONValue?) throws(CheckpointError) {
    guard case .array(let rows)? = json ?? .array([]) else { throw malformed("The tensors are not a list.") }
    for row in rows { try table.append(tensor(row)) }
  }

  private mutating func tensor(_ row: JSONValue) throws(CheckpointError) -> Tensor {
    guard let type = row["dataType"]?.stringValue.flatMap({ Self.types[$0] }) else {
      throw malformed("A tensor has an unknown type: \(row["dataType"]?.text ?? "none").")
    }
    guard let key = row["data"]?["key"]?.stringValue, let shape = integers(row["dims"]),
      let strides = integers(row["strides"]), let offset = row["offset"].map(integer) ?? 0
    else { throw malformed("A tensor has no record, sizes or strides.") }
    let storage = try storage(key, device: row["device"])
    return try Tensor(
      elementType: type,
      geometry: TensorGeometry(
        shape: shape, strides: strides, offset: offset, elementByteCount: type.byteCount,
        storageByteCount: storage.byteCount),
      storage: storage, requiresGrad: row["requiresGrad"] == .bool(true))
  }

  private mutating func storage(_ key: String, device: JSONValue?) throws(CheckpointError) -> Storage {
    if let storage = storages[key] { return storage }
    let records = ZipRecords(archive: archive, origin: origin, byteOrder: .little, limits: options.limits)
    let byteCount = archive[root + key]?.byteCount ?? 1
    let storage = try records.storage(key: key, byteCount: byteCount, location: device?.stringValue ?? "cpu")
    storages[key] = storage
    return storage
  }

  private func integer(_ json: JSONValue) -> Int? {
    switch json {
    case .integer(let value): value
    case .string(let text): Int(text)
    default: nil
    }
  }

  private func integers(_ json: JSONValue?) -> [Int]? {
    guard case .array(let items)? = json ?? .array([]) else { return nil }
    let values = items.compactMap(integer)
    return values.count == items.count ? values : nil
  }

  /// By `TensorProto.DataType` of `caffe2.proto`.
  private static let types: [String: ElementType] = [
    "FLOAT": .float32, "DOUBLE": .float64, "FLOAT16": .float16, "INT8": .int8, "UINT8": .uint8, "BYTE": .uint8,
    "INT16": .int16, "UINT16": .uint16, "INT32": .int32, "INT64": .int64, "BOOL": .bool, "BFLOAT16": .bfloat16,
  ]

  // MARK: - Modules

  private mutating func readAttributes() throws(CheckpointError) {
    guard let entry = archive[root + "attributes.pkl"] else { return }
    let values = try TorchZip.values(
      entry, in: archive, records: root + "tensors/", byteOrder: .little, file: origin.file, options)
    globals = values.globals
    let pickle = values.pickle
    for id in pickle.sequence(at: pickle.root) ?? [] {
      guard let object = pickle.object(at: id),
        values.globalName(at: object.callable) == "torch.jit._pickle.build_tensor_from_id",
        let number = values.arguments(object).first.flatMap(pickle.integer)
      else {
        attributes.append(nil)
        continue
      }
      guard table.indices.contains(number) else { throw malformed("There is no tensor \(number).") }
      attributes.append(table[number])
    }
  }

  private mutating func visit(_ module: JSONValue, path: String, depth: Int) throws(CheckpointError) {
    guard depth <= options.limits.nestingDepth else { throw malformed("Modules are nested too deeply.") }
    func members(_ name: String) -> [JSONValue] {
      module[name]?.arrayValue ?? []
    }
    func name(_ item: JSONValue) throws(CheckpointError) -> String {
      guard let name = item["name"]?.stringValue else { return path }
      try names.addBytes(path.utf8.count + name.utf8.count)
      return path.isEmpty ? name : "\(path).\(name)"
    }
    for item in members("parameters") {
      guard let number = item["tensorId"].map(integer) ?? 0, table.indices.contains(number) else {
        throw try malformed("The tensor of \(name(item)) is missing.")
      }
      let role: NamedTensor.Role = item["isBuffer"] == .bool(true) ? .buffer : .parameter
      try names.add(0, rank: table[number].shape.count)
      try found.append(NamedTensor(name: name(item), tensor: table[number], role: role))
    }
    for item in members("attributes") {
      guard let number = item["id"].map(integer) ?? 0, attributes.indices.contains(number),
        let tensor = attributes[number]
      else { continue }
      try names.add(0, rank: tensor.shape.count)
      try found.append(NamedTensor(name: name(item), tensor: tensor))
    }
    for item in members("submodules") { try visit(item, path: name(item), depth: depth + 1) }
  }
}
