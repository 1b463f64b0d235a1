import StateDicts

/// A pickle by itself, as `pickle.dump` writes: model zoos keep dicts of numpy arrays so.
///
/// It has no storages beside it; tensors have theirs inside (`EmbeddedFiles`). Protocols 0 and 1 have no mark in front:
///
///     28 64 70 30 0a                            MARK, DICT, PUT 0             {…}, protocol 0
///     7d 71 00                                  EMPTY_DICT, BINPUT 0          {…}, protocol 1
///     63 70 6f 73 69 78 0a 73 79 … 0a 28        GLOBAL posix system, MARK     a call
enum BarePickle {
  /// Whether a file without a mark is a pickle: it begins with a container, a global or a literal, and the first
  /// four instructions are sound.
  ///
  /// A text may begin with one or two of them, as "(1)" does; none that people write goes on so.
  static func begins(_ store: ByteStore) -> Bool {
    let first = unsafe store.withUnsafeBytes { bytes in unsafe bytes.first }
    guard let first, "(}])cILFSV".utf8.contains(first) else { return false }
    return PickleMachine.runs(store, instructionCount: 4)
  }

  static func open(
    _ read: TorchPickle, _ store: ByteStore, file: String, options: CheckpointOptions
  ) throws(CheckpointError) -> Checkpoint {
    let pickle = read.pickle
    switch pickle[pickle.root] {
    case .dict, .list, .tuple, .object: break
    default:
      throw CheckpointError(
        .notACheckpoint, "A pickle that holds neither torch's magic number nor any container.",
        remedy: "check where the file came from, and that it arrived whole")
    }
    let rest = store.count - pickle.range.upperBound
    return try Checkpoint(
      format: .pickle, file: file, store: store,
      marks: [JSONValue.Member("pickle_protocol", .integer(pickle.proto))],
      notes: rest > 0 ? ["\(rest) bytes follow the pickle."] : [],
      values: TorchValues(read, records: NoRecords()), options: options)
  }
}

/// The storages of a format that has none.
struct NoRecords: StorageRecords {
  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    throw CheckpointError(
      .missingRecord, "Storage \(key) of \(byteCount) bytes is not in this file: it is the pickle alone.",
      remedy: "save with torch.save, which writes the storages too; "
        + "if this is the data.pkl of an unpacked archive, name its folder")
  }
}
