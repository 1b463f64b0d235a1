import StateDicts

/// A pickle by itself, as `pickle.dump` writes: model zoos keep dicts of numpy arrays so.
///
/// It has no storages beside it; tensors have theirs inside (`EmbeddedFiles`).
enum BarePickle {
  static func open(
    _ read: TorchPickle, _ store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let pickle = read.pickle
    switch pickle[pickle.root] {
    case .dict, .list, .tuple, .object: break
    default:
      throw CheckpointError(
        .notACheckpoint, "The pickle has neither torch's magic number nor a container.",
        remedy: CheckpointError.checkSource)
    }
    var contents = try CheckpointContents(
      .pickle, file: file, store: store, pickled: TorchValues(read, records: NoRecords()), limits: options.limits)
    let rest = store.count - pickle.range.upperBound
    if rest > 0 { contents.notes.insert("\(rest) bytes follow the pickle.", at: 0) }
    return contents
  }
}

/// The storages of a format that has none.
struct NoRecords: StorageRecords {
  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    throw CheckpointError(
      .missingRecord, "The file is only a pickle, without the storage \(key) of \(byteCount) bytes.",
      remedy: "save it with torch.save; "
        + "if this is the data.pkl of an unpacked archive, give the path of its folder")
  }
}
