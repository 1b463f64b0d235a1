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
  private static let magic = FileHead.legacyMagic

  static func open(
    _ store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    var reader = PickleReader(store, options: options)
    let read = try reader.next()
    let first = read.pickle
    guard case .bigInteger(let slice) = first[first.root],
      first.bytes(slice).prefix(magic.count) == magic[...],
      first.bytes(slice).dropFirst(magic.count).allSatisfy({ $0 == 0 })
    else { return try BarePickle.open(read, store, file: file, options) }
    let origin = StorageOrigin(file: file, entryPrefix: "storage ", checksOnUse: options.checksCRC)
    var object = try object(&reader, store, origin, options)
    for number in 0..<max(options.objectNumber, 0) {
      guard isMagic(store, at: object.records.end) else {
        throw CheckpointError(
          .noStateDict,
          "There is no object \(options.objectNumber): the file has \(number + 1) objects, counted from 0.")
      }
      reader = PickleReader(store, from: object.records.end, options: options)
      _ = try reader.next()
      object = try self.object(&reader, store, origin, options)
    }
    var contents = try CheckpointContents(
      .legacy, file: file, store: store, pickled: TorchValues(object.value, records: object.records),
      limits: options.limits)
    contents.marks = marks(object.machine) + contents.marks
    contents.notes = notes(store, object.records.end) + contents.notes
    contents.globals += reader.globals
    return contents
  }

  /// What follows a magic number: one call of torch.save.
  private static func object(
    _ reader: inout PickleReader, _ store: ByteStore, _ origin: StorageOrigin, _ options: CheckpointOptions
  ) throws(CheckpointError) -> (machine: Pickle, value: TorchPickle, records: LegacyRecords) {
    let version = try reader.next().pickle
    guard version.integer(at: version.root) == 1001 else {
      throw CheckpointError.malformedHeader(
        "Unknown protocol \(version.keyText(version.root)) of the legacy format; 1001 is expected.",
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
      throw CheckpointError.malformedHeader(
        "The storage keys are not a list.", offset: pickle.range.lowerBound)
    }
    return ids.map { pickle.keyText($0) }
  }

  private static func marks(_ machine: Pickle) -> JSONObject {
    let flat = machine.flatEntries(at: machine.root) ?? []
    var marks = JSONObject()
    for place in stride(from: 0, to: flat.count - 1, by: 2) {
      switch machine[flat[place + 1]] {
      case .integer(let value): marks.append(machine.keyText(flat[place]), .integer(value))
      case .bool(let value): marks.append(machine.keyText(flat[place]), .bool(value))
      default: break
      }
    }
    return marks
  }

  /// Whether torch's magic number is at an offset, in a pickle of protocol 2 or later.
  private static func isMagic(_ store: ByteStore, at place: Int) -> Bool {
    store.array(place + 4..<place + 4 + magic.count) == magic
  }

  private static func notes(_ store: ByteStore, _ end: Int) -> [String] {
    guard end < store.count else { return [] }
    let isAnother = isMagic(store, at: end)
    return [
      isAnother
        ? "Another object of torch.save begins at byte \(end); select it with --object N (objectNumber)."
        : "\(store.count - end) bytes follow the last storage."
    ]
  }
}
