import StateDicts

/// What a file is, told by its first bytes, never by its name.
enum FileKind {
  case zip
  case legacy
  case tar
  case gzip
  case npy
  case safetensors
  /// A JSON text, such as the index of a checkpoint in several files.
  case json

  /// - Throws: `notACheckpoint` in plain words for what people really have in place of a checkpoint; `truncated`.
  static func detect(_ store: ByteStore) throws(CheckpointError) -> FileKind {
    guard store.count > 0 else {
      throw CheckpointError(.truncated, "The file is empty.", remedy: "download or copy it again")
    }
    let start = FileHead(store)
    let head = start.bytes
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) { return .zip }
    if isSafetensors(head, store.count), head[4..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
    // Torch asks for a tar before it takes anything for a pickle.
    if TarArchive.isTar(head) { return .tar }
    if isPickle(head) { return .legacy }
    if head.starts(with: NpyHeader.magic) { return .npy }
    if Gzip.isGzip(head) { return .gzip }
    if Shards.isIndex(store) { return .json }
    if BarePickle.begins(store) { return .legacy }
    // Bytes before the archive, such as a program that unpacks it: the end record says what they are.
    if ZipArchive.hasEndRecord(store) { return .zip }
    if let other = ForeignFormat.detect(start) { throw other.error }
    if isSafetensors(head, store.count) { return .safetensors }
    if "PK\u{3}\u{4}".utf8.starts(with: head) || head.count < 8 {
      throw CheckpointError(
        .truncated, "The file has \(store.count) bytes, too few for a checkpoint.", remedy: "download or copy it again")
    }
    throw CheckpointError(
      .notACheckpoint, "This is no checkpoint of a kind that is known: it begins with \(preview(head)).",
      remedy: "check where the file came from, and that it arrived whole")
  }

  /// Whether bytes are a safetensors file.
  static func isSafetensors(_ store: ByteStore) -> Bool {
    let head = unsafe store.withUnsafeBytes { bytes in unsafe Array(bytes.prefix(9)) }
    return isSafetensors(head, store.count) && head[4..<8].allSatisfy { $0 == 0 }
  }

  /// A header's length that is possible, and a brace: what a safetensors file begins with, damaged or not.
  private static func isSafetensors(_ head: [UInt8], _ byteCount: Int) -> Bool {
    guard head.count >= 9 else { return false }
    if head[8] == UInt8(ascii: "{") { return true }
    return head[4..<8].allSatisfy { $0 == 0 } && head[8] == UInt8(ascii: "[")
  }

  /// A pickle with its protocol in front, 2 to 5; or torch's magic number in protocol 0 or 1.
  private static func isPickle(_ head: [UInt8]) -> Bool {
    if head.count >= 2, head[0] == 0x80, (2...5).contains(head[1]) { return true }
    return head.starts(with: TorchLegacy.magicLine) || head.starts(with: [0x80, 1])
  }

  /// Whether bytes begin as a checkpoint does: what is asked of each bytes value in a pickle.
  static func mayBeCheckpoint(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || isPickle(head) || head.starts(with: NpyHeader.magic)
      || isSafetensors(head, head.count) && head[4..<8].allSatisfy { $0 == 0 }
  }

  /// Whether bytes begin as a pickle that is not one of torch: as much else may.
  static func isPlainPickle(_ head: [UInt8]) -> Bool {
    head.first == 0x80 && !head.dropFirst(4).starts(with: TorchLegacy.magic)
  }

  private static func preview(_ head: [UInt8]) -> String {
    head.prefix(8).map(\.hexadecimal).joined(separator: " ")
  }
}
