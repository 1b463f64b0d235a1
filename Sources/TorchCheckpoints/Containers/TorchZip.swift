import StateDicts

/// Torch's zip format, of torch 1.6 and later: a pickle, and a record for each storage.
///
///     archive/data.pkl                 80 02 7d …              the value
///     archive/byteorder                6c 69 74 74 6c 65       "little"; absent before torch 2.1
///     archive/data/0                   00 00 80 3f …           a storage, stored, at a multiple of 64
///     archive/version                  33 0a                   "3\n"
///     archive/.data/serialization_id   forty digits
///
/// Source: `torch/serialization.py` (`_save`) and `caffe2/serialize/inline_container.cc`.
enum TorchZip {
  static func open(
    _ archive: ZipArchive, _ pickleEntry: ZipArchive.Entry, _ early: EarlyPickle?, file: String,
    _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let root = String(pickleEntry.name.dropLast("data.pkl".count))
    try requireOneReading(of: archive, pickleEntry, root: root)
    func record(_ name: String) throws(CheckpointError) -> String? { try self.record(name, archive, root) }
    let byteOrder = try byteOrder(record)
    do throws(CheckpointError) {
      let isScript = archive[root + "constants.pkl"] != nil
      let values = try values(
        pickleEntry, early, in: archive, records: root + "data/", byteOrder: byteOrder,
        scriptClasses: isScript ? TorchScript.classes(archive, root) : [:], file: file, options)
      let constants = try TorchScript.constants(archive, root, byteOrder: byteOrder, file: file, options)
      var contents = try CheckpointContents(
        isScript ? .torchscript : .zip, file: file, store: archive.store, pickled: values, constants: constants.tensors,
        limits: options.limits)
      contents.marks = try marks(record) + contents.marks
      contents.notes = archive.notes + contents.notes
      contents.globals += constants.globals
      contents.archive = archive
      return contents
    } catch {
      throw error.located(entry: pickleEntry.name)
    }
  }

  /// A pickle of the archive, with the storages that its ids name: the records under a prefix.
  static func values(
    _ entry: ZipArchive.Entry, _ early: EarlyPickle? = nil, in archive: ZipArchive, records prefix: String,
    byteOrder: ByteOrder, scriptClasses: [String: ScriptClass] = [:], file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> TorchValues {
    try requirePlausible(entry, options.limits)
    let origin = StorageOrigin(file: file, entryPrefix: prefix, checksOnUse: options.checksCRC)
    let records = ZipRecords(archive: archive, origin: origin, byteOrder: byteOrder, limits: options.limits)
    let (store, range) = try archive.bytes(of: entry, limit: options.limits.inflatedPickleByteCount)
    let read: TorchPickle
    if let early = early?.pickle(in: store, at: range) {
      read = early
    } else {
      read = try TorchPickle(PickleMachine.run(store, range, limits: options.limits), options: options)
    }
    return try TorchValues(read, records: records, scriptClasses: scriptClasses)
  }

  /// The shortest path to a `data.pkl`: repacked archives have unusual roots, no root, or `__MACOSX/` in front.
  static func pickle(of archive: ZipArchive) -> ZipArchive.Entry? {
    archive.entries.lazy.filter { $0.name.isPath(to: "data.pkl") }.min { $0.name.utf8.count < $1.name.utf8.count }
  }

  /// Refuses what torch reads otherwise, or not at all, and of which one reader takes this part and another that.
  ///
  /// Torch's root is the folder of the first entry, and it wants all entries in it.
  private static func requireOneReading(
    of archive: ZipArchive, _ pickle: ZipArchive.Entry, root: String
  ) throws(CheckpointError) {
    let remedy = "unpack it, and zip only the checkpoint that you need"
    if let (first, second) = archive.twins {
      throw CheckpointError(
        .malformedArchive,
        "The entries \(first) and \(second) differ only by case, and torch may read either of them.",
        remedy: remedy)
    }
    let others = archive.entries.filter { entry in
      entry.name.isPath(to: "data.pkl") && entry.index != pickle.index && (root.isEmpty || !entry.name.hasPrefix(root))
    }
    guard let other = others.first else { return }
    throw CheckpointError(
      .malformedArchive, "The archive has two checkpoints: \(pickle.name) and \(other.name).", remedy: remedy)
  }

  /// The prefix of the names of an archive's records; nil if it is not a torch archive.
  static func root(of archive: ZipArchive) -> String? {
    if let pickle = pickle(of: archive) { return String(pickle.name.dropLast("data.pkl".count)) }
    return ScriptModel.entry(of: archive).map { String($0.name.dropLast("model.json".count)) }
  }

  /// Whether an entry is one of torch's own besides the storages: marks, pickles, code, extra files.
  static func isOwn(_ name: String, root: String) -> Bool {
    guard name.hasPrefix(root) else { return false }
    let name = String(name.dropFirst(root.count)).lowercasedASCII
    return ownRecords.contains(name) || ["code/", "ts_code/", "extra/"].contains { name.hasPrefix($0) }
  }

  private static let ownRecords: Set<String> = [
    "data.pkl", "constants.pkl", "attributes.pkl", "model.json", "byteorder", "version", ".data/version",
    ".format_version", ".storage_alignment", ".data/serialization_id",
  ]

  /// The order of the bytes in storages.
  ///
  /// - Parameter record: Returns a small record as a string; nil if there is none.
  static func byteOrder(_ record: (String) throws(CheckpointError) -> String?) throws(CheckpointError) -> ByteOrder {
    guard let word = try record("byteorder") else { return .little }
    guard let order = ByteOrder(rawValue: word) else {
      throw CheckpointError.malformedArchive(
        "The byte order \"\(word.prefix(20))\" is neither little nor big.", entry: "byteorder")
    }
    return order
  }

  /// A small record as a string without its line end.
  private static func record(
    _ name: String, _ archive: ZipArchive, _ root: String
  ) throws(CheckpointError) -> String? {
    guard let entry = archive[root + name], entry.byteCount <= 4096 else { return nil }
    return try String(archive.text(of: entry, limit: 4096).prefix { $0 != "\n" })
  }

  /// What the small records say of the archive.
  static func marks(
    _ record: (String) throws(CheckpointError) -> String?
  ) throws(CheckpointError) -> JSONObject {
    let records = [
      ("version", "version"), (".data/version", "version"), (".format_version", "format_version"),
      (".storage_alignment", "storage_alignment"), ("byteorder", "byteorder"),
      (".data/serialization_id", "serialization_id"),
    ]
    var marks: JSONObject = [:]
    for (name, mark) in records {
      if let text = try record(name) { marks.append(mark, .string(text)) }
    }
    return marks
  }

  /// A pickle that deflated a thousandfold was made to fill memory, not to be read.
  private static func requirePlausible(
    _ entry: ZipArchive.Entry, _ limits: CheckpointLimits
  ) throws(CheckpointError) {
    guard !entry.isStored, entry.byteCount > 1 << 20 else { return }
    guard entry.byteCount / max(entry.compressedByteCount, 1) <= limits.pickleInflation else {
      throw CheckpointError.overLimit(
        "The pickle inflates from \(entry.compressedByteCount) bytes to \(entry.byteCount), more than "
          + "\(limits.pickleInflation)-fold.")
    }
  }
}
