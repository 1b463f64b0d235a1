import StateDicts

/// Torch's format of versions 0.1.10 to 1.5: five pickles, then the storages one after another.
///
///     80 02 8a 0a 6c fc 9c 46 f9 20 6a a8 50 19 2e     the magic number
///     80 02 4d e9 03 2e                                the protocol, 1001
///     80 02 7d … 2e                                    what the machine was; nobody reads it
///     80 02 7d … 2e                                    the value
///     80 02 5d … 2e                                    the keys of the storages, sorted as texts
///     04 00 00 00 00 00 00 00   00 00 80 3f …          for each key: the elements' count, then their bytes
///
/// The count is in elements of the class that the value first names the storage with, and bytes are little-endian
/// whatever the machine. Source: `_legacy_save` and `_legacy_load` in `torch/serialization.py`.
enum TorchLegacy {
  static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  /// How protocol 0 and 1 write the magic number.
  static let magicLine = Array("L119547037146038801333356L\n".utf8)

  static func open(
    _ store: ByteStore, file: String, options: CheckpointOptions
  ) throws(CheckpointError) -> Checkpoint {
    var reader = PickleReader(store, options: options)
    let read = try reader.next()
    let first = read.pickle
    guard case .bigInteger(let slice) = first[first.root],
      first.bytes(slice).prefix(magic.count) == magic[...],
      first.bytes(slice).dropFirst(magic.count).allSatisfy({ $0 == 0 })
    else { return try BarePickle.open(read, store, file: file, options: options) }
    let origin = StorageOrigin(file: file, entryPrefix: "storage ", checksOnUse: options.checksCRC)
    var object = try object(&reader, store, origin, options)
    for number in 0..<max(options.objectNumber, 0) {
      guard isMagic(store, at: object.records.end) else {
        throw CheckpointError(
          .noStateDict,
          "The file has \(number + 1) objects; number \(options.objectNumber), counted from 0, is not there.")
      }
      reader = PickleReader(store, from: object.records.end, options: options)
      _ = try reader.next()
      object = try self.object(&reader, store, origin, options)
    }
    return try Checkpoint(
      format: .legacy, file: file, store: store,
      marks: marks(object.machine) + [JSONValue.Member("pickle_protocol", .integer(object.value.pickle.proto))],
      notes: notes(store, object.records.end), values: TorchValues(object.value, records: object.records),
      otherGlobals: reader.globals, options: options)
  }

  /// What follows a magic number: one call of torch.save.
  private static func object(
    _ reader: inout PickleReader, _ store: ByteStore, _ origin: StorageOrigin, _ options: CheckpointOptions
  ) throws(CheckpointError) -> (machine: Pickle, value: TorchPickle, records: LegacyRecords) {
    let version = try reader.next().pickle
    guard version.integer(at: version.root) == 1001 else {
      throw CheckpointError(
        .malformedHeader, "The legacy format has protocol 1001; this file says \(version.keyText(version.root)).",
        offset: version.range.lowerBound)
    }
    let machine = try reader.next().pickle
    let value = try reader.next()
    let keys = try keys(reader.next().pickle)
    let records = try LegacyRecords(keys, of: value, store, at: reader.position, origin: origin)
    return (machine, value, records)
  }

  private static func keys(_ pickle: Pickle) throws(CheckpointError) -> [String] {
    guard case .list = pickle[pickle.root], let ids = pickle.sequence(at: pickle.root) else {
      throw CheckpointError(
        .malformedHeader, "The list of storage keys is something else.", offset: pickle.range.lowerBound)
    }
    return ids.map { pickle.keyText($0) }
  }

  private static func marks(_ machine: Pickle) -> [JSONValue.Member] {
    let flat = machine.flatEntries(at: machine.root) ?? []
    return stride(from: 0, to: flat.count - 1, by: 2).compactMap { place in
      switch machine[flat[place + 1]] {
      case .integer(let value): JSONValue.Member(machine.keyText(flat[place]), .integer(value))
      case .bool(let value): JSONValue.Member(machine.keyText(flat[place]), .bool(value))
      default: nil
      }
    }
  }

  /// Whether torch's magic number stands at a place, in a pickle of protocol 2 or later.
  private static func isMagic(_ store: ByteStore, at place: Int) -> Bool {
    unsafe store.withUnsafeBytes { bytes in
      unsafe bytes[place...].dropFirst(4).prefix(magic.count).elementsEqual(magic)
    }
  }

  private static func notes(_ store: ByteStore, _ end: Int) -> [String] {
    guard end < store.count else { return [] }
    let isAnother = isMagic(store, at: end)
    return [
      isAnother
        ? "Another torch.save follows at byte \(end); torch.load gives the first; objectNumber and --object N choose."
        : "\(store.count - end) bytes follow the last storage."
    ]
  }
}

/// Pickles that lie one after another in a file.
struct PickleReader {
  private let store: ByteStore
  private let options: CheckpointOptions
  private let end: Int
  private(set) var position: Int
  /// Every global that they name.
  private(set) var globals: [Checkpoint.GlobalUse] = []

  init(_ store: ByteStore, from position: Int = 0, to end: Int? = nil, options: CheckpointOptions) {
    self.store = store
    self.options = options
    self.position = position
    self.end = end ?? store.count
  }

  /// The next pickle.
  ///
  /// - Throws: as `PickleMachine.run`, with the offset counted from the start of the file; as `TorchPickle`.
  mutating func next() throws(CheckpointError) -> TorchPickle {
    // What follows a pickle is no part of it, so the limit holds for how far it is read.
    let range = position..<position + min(end - position, options.limits.pickleByteCount)
    let pickle: Pickle
    do {
      pickle = try PickleMachine.run(store, range, limits: options.limits)
    } catch var error {
      error.offset = error.offset.map { $0 + range.lowerBound }
      throw error
    }
    position = pickle.range.upperBound
    let read = try TorchPickle(pickle, options: options)
    globals += read.globals
    return read
  }

  /// The next bytes as a little-endian number.
  mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) throws(CheckpointError) -> Number {
    let store = store
    var cursor = ByteCursor(store.bytes.extracting(first: end), at: position)
    let number = try cursor.read(Number.self)
    position = cursor.position
    return number
  }

  /// Passes over `count` elements of `width` bytes.
  ///
  /// - Throws: `malformedHeader` for a count that is negative or beyond 2^63 bytes, `truncated`.
  mutating func skip(_ count: Int64, elementsOf width: Int, _ what: String) throws(CheckpointError) -> Range<Int> {
    let (byteCount, overflow) = Int(count).multipliedReportingOverflow(by: width)
    guard count >= 0, !overflow else {
      throw CheckpointError(.malformedHeader, "\(what) declares \(count) elements.", offset: position)
    }
    guard byteCount <= end - position else {
      throw CheckpointError(
        .truncated, "\(what) has \(byteCount) bytes, of which \(end - position) are there.", offset: position,
        remedy: "the file may have been cut short: download or copy it again")
    }
    defer { position += byteCount }
    return position..<position + byteCount
  }
}

/// The storages behind a legacy pickle, where they lie.
struct LegacyRecords: StorageRecords {
  private let storages: [String: Storage]
  private let nothing: Storage
  /// Where the last storage ends.
  let end: Int

  /// - Throws: `malformedHeader`, `truncated`.
  init(
    _ keys: [String], of value: TorchPickle, _ store: ByteStore, at position: Int, origin: StorageOrigin
  ) throws(CheckpointError) {
    var declarations: [String: StorageDeclaration] = [:]
    for case .storage(let declaration) in value.persistentIDs where declarations[declaration.key] == nil {
      declarations[declaration.key] = declaration
    }
    var reader = PickleReader(store, from: position, options: .init())
    var storages = [String: Storage](minimumCapacity: keys.count)
    for key in keys {
      guard let declaration = declarations[key] else {
        throw CheckpointError(
          .malformedHeader, "Storage \(key) is listed but nowhere named, so its elements' size is not known.",
          offset: reader.position)
      }
      let count = try reader.number(Int64.self)
      let range = try reader.skip(count, elementsOf: declaration.elementType.byteCount, "Storage \(key)")
      storages[key] = Storage(
        .region(store, offset: range.lowerBound), byteCount: range.count, key: key, location: declaration.location,
        origin: origin)
    }
    self.storages = storages
    end = reader.position
    nothing = Storage(.region(store, offset: 0), byteCount: 0, key: "", origin: origin)
  }

  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    guard let storage = storages[key] ?? (byteCount == 0 ? nothing : nil) else {
      throw CheckpointError(.missingRecord, "Storage \(key) of \(byteCount) bytes is not listed.")
    }
    guard storage.byteCount >= byteCount else {
      throw CheckpointError(
        .missingRecord, "Storage \(key) of \(byteCount) bytes has a record of \(storage.byteCount).")
    }
    return storage
  }
}
