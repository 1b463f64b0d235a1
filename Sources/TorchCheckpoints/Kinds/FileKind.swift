import StateDicts

/// The kind of a file, recognised by its bytes, never by its name.
enum FileKind {
  case zip
  case legacy
  case tar
  case gzip
  case npy
  case safetensors
  /// JSON, such as the index of shards.
  case json

  /// - Throws: `notACheckpoint` in plain words for what people really have in place of a checkpoint; `truncated`.
  static func detect(_ store: ByteStore) throws(CheckpointError) -> FileKind {
    guard store.count > 0 else {
      throw CheckpointError.truncated("The file is empty.")
    }
    let head = FileHead(store)
    if head.isZip { return .zip }
    if head.isSafetensors { return .safetensors }
    // Torch asks for a tar before it takes anything for a pickle.
    if head.isTar { return .tar }
    if head.isPickle { return .legacy }
    if head.isArray { return .npy }
    if head.isGzip { return .gzip }
    if head.isJSON { return .json }
    if PickleMachine.begins(store) { return .legacy }
    // Bytes before the archive, such as a program that unpacks it: the end record says what they are.
    if ZipArchive.hasEndRecord(store) { return .zip }
    if let other = ForeignFormat.detect(head) { throw other.error }
    if head.isDamagedSafetensors { return .safetensors }
    if "PK\u{3}\u{4}".utf8.starts(with: head.bytes) || store.count < 8 {
      throw CheckpointError.truncated("The file has \(store.count) bytes, too few for a checkpoint.")
    }
    let start = head.bytes.prefix(8).map(\.hexadecimal).joined(separator: " ")
    throw CheckpointError(
      .notACheckpoint, "Not a known checkpoint format: the file begins with \(start).",
      remedy: CheckpointError.checkSource)
  }
}
