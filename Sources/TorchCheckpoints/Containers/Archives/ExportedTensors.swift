import StateDicts

/// The tensors of an exported program: raw storages with a table in JSON, or a file of torch.save.
struct ExportedTensors {
  private let archive: ZipArchive
  private let file: String
  private let options: CheckpointOptions
  private let unpacking: Unpacking
  private let byteOrder: ByteOrder
  /// By the name of the archive entry: names that share one are tied.
  private var storages: [String: Storage] = [:]
  /// Pickles by the names of their entries, which any number of rows may name.
  private var pickles: [String: CheckpointContents] = [:]
  private var listed = Set<String>()
  /// The globals in the pickles next to raw storages.
  private(set) var globals: [GlobalUse] = []
  private(set) var notes: [String] = []

  init(_ archive: ZipArchive, file: String, options: CheckpointOptions, unpacking: Unpacking) {
    self.archive = archive
    self.file = file
    self.options = options
    self.unpacking = unpacking
    let order = archive.entries.first { $0.name.hasSuffix("/byteorder") && $0.byteCount == 3 }
    byteOrder = order == nil ? .little : .big
  }

  /// The tensors that an entry lists, or holds.
  mutating func tensors(of entry: ZipArchive.Entry) throws(CheckpointError) -> [NamedTensor] {
    do throws(CheckpointError) {
      let member = ArchiveMember(entry, of: archive)
      guard try member.nature() != .checkpoint else {
        return try opened(member).tensors
      }
      let text = try archive.text(of: entry, limit: options.limits.inflatedPickleByteCount)
      guard let rows = try JSONValue(parsing: text)["config"]?.objectValue else {
        throw CheckpointError.malformedHeader("The table of tensors has no \"config\".")
      }
      let folder = String(entry.name[...(entry.name.lastIndex(of: "/") ?? entry.name.startIndex)])
      var tensors: [NamedTensor] = []
      for row in rows {
        do throws(CheckpointError) {
          guard let tensor = try tensor(row.value, in: folder, named: row.name) else { continue }
          tensors.append(
            NamedTensor(
              name: row.name, tensor: tensor, role: row.value["is_param"] == .bool(true) ? .parameter : .buffer))
        } catch var error {
          if error.entry == nil { error.message = "\(row.name): \(error.message)" }
          throw error
        }
      }
      return tensors
    } catch {
      throw error.located(entry: entry.name)
    }
  }

  /// Lists what the pickle of an entry names, whatever it holds.
  mutating func listGlobals(of entry: ZipArchive.Entry) throws(CheckpointError) {
    guard listed.insert(entry.name).inserted else { return }
    let member = ArchiveMember(entry, of: archive)
    do throws(CheckpointError) {
      if try member.nature() == .checkpoint { _ = try opened(member) }
    } catch {
      if error.code == .dangerousGlobal || error.code == .limitExceeded { throw error }
      notes.append("\(entry.name) cannot be read: \(error.message)")
    }
  }

  private mutating func opened(_ member: ArchiveMember) throws(CheckpointError) -> CheckpointContents {
    if let contents = pickles[member.name] { return contents }
    do throws(CheckpointError) {
      try options.limits.spending?.addFile()
      let contents = try FileReader.read(member.bytes(unpacking), file: "\(file): \(member.name)", options)
      globals += contents.globals
      pickles[member.name] = contents
      return contents
    } catch {
      throw error.inside(member.name, of: file)
    }
  }

  /// The tensor of a row; nil for an object that is not a tensor.
  private mutating func tensor(
    _ row: JSONValue, in folder: String, named name: String
  ) throws(CheckpointError) -> Tensor? {
    guard let path = row["path_name"]?.stringValue, let entry = archive[folder + path] else {
      throw CheckpointError.incomplete("The record \(row["path_name"]?.text ?? "") is missing from the archive.")
    }
    if row["use_pickle"] == .bool(true) {
      guard row["tensor_meta"] != .null else {
        try listGlobals(of: entry)
        notes.append("\(name) is a TorchScript or Python object, not a tensor, and was left out.")
        return nil
      }
      return try opened(ArchiveMember(entry, of: archive)).tensors.first { $0.name.isEmpty }?.tensor
    }
    guard let meta = row["tensor_meta"], let type = meta["dtype"]?.intValue.flatMap({ Self.types[$0] }),
      let shape = integers(meta["sizes"]), let strides = integers(meta["strides"]),
      let offset = integer(meta["storage_offset"])
    else { throw CheckpointError.malformedHeader("The type, sizes, strides or offset are missing or unknown.") }
    guard meta["layout"] == .integer(Self.strided) else {
      throw CheckpointError(
        .unsupported, "The layout \(meta["layout"]?.text ?? "none") has no raw bytes.")
    }
    let requiresGrad = meta["requires_grad"] == .bool(true)
    let storage = try storage(entry, device: meta["device"])
    // A fake tensor, which has no bytes: torch reads zeros in its place.
    if storage.byteCount == 0, !shape.contains(0) {
      notes.append("\(name) was saved without its bytes.")
      return Tensor(
        Composition(.meta), elementType: type, geometry: try TensorGeometry(stated: shape, strides: strides),
        origin: storage.origin, requiresGrad: requiresGrad)
    }
    return try Tensor(
      elementType: type,
      geometry: TensorGeometry(
        shape: shape, strides: strides, offset: offset, elementByteCount: type.byteCount,
        storageByteCount: storage.byteCount), storage: storage, requiresGrad: requiresGrad)
  }

  private mutating func storage(
    _ entry: ZipArchive.Entry, device: JSONValue?
  ) throws(CheckpointError) -> Storage {
    if let storage = storages[entry.name] { return storage }
    var location = "cpu"
    if let type = device?["type"]?.stringValue {
      location = device?["index"]?.intValue.map { "\(type):\($0)" } ?? type
    }
    let records = ZipRecords(
      archive: archive, origin: StorageOrigin(file: file, checksOnUse: options.checksCRC), byteOrder: byteOrder,
      limits: options.limits)
    let storage = try records.storage(key: entry.name, byteCount: entry.byteCount, location: location)
    storages[entry.name] = storage
    return storage
  }

  private func integers(_ json: JSONValue?) -> [Int]? {
    guard let items = json?.arrayValue else { return nil }
    let values = items.compactMap(integer)
    return values.count == items.count ? values : nil
  }

  /// `{"as_int": 3}`.
  private func integer(_ json: JSONValue?) -> Int? {
    json?["as_int"]?.intValue
  }

  /// `Layout.Strided`.
  private static let strided = 7

  /// By `ScalarType` of the schema.
  private static let types: [Int: ElementType] = [
    1: .uint8, 2: .int8, 3: .int16, 4: .int32, 5: .int64, 6: .float16, 7: .float32, 8: .float64, 9: .complex32,
    10: .complex64, 11: .complex128, 12: .bool, 13: .bfloat16, 28: .uint16, 29: .float8_e4m3fn, 30: .float8_e5m2,
    31: .float8_e4m3fnuz, 32: .float8_e5m2fnuz, 33: .float8_e8m0fnu, 34: .uint32, 35: .uint64,
  ]
}
