import StateDicts

/// A pickle by itself, as `pickle.dump` writes: model zoos keep dicts of numpy arrays so.
///
/// It has no storages beside it; tensors have theirs inside (`EmbeddedFiles`).
enum BarePickle {
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
      remedy: "save with torch.save, which writes the storages too")
  }
}
