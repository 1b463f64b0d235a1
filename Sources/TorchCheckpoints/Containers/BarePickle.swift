import StateDicts

/// A bare pickle, as written by `pickle.dump`: model zoos store dicts of numpy arrays this way.
///
/// It has no separate storages; those of tensors are inside the pickle (`EmbeddedFiles`).
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
