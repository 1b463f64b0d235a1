import StateDicts

/// What a file is, told by its first bytes, never by its name.
enum FileKind {
  case zip
  case legacy
  case tar
  case npy
  case safetensors
  /// A JSON text, such as the index of a checkpoint in several files.
  case json

  /// - Throws: `notACheckpoint` in plain words for what people really have in place of a checkpoint; `truncated`.
  static func detect(_ store: ByteStore) throws(CheckpointError) -> FileKind {
    guard store.count > 0 else {
      throw CheckpointError(.truncated, "The file is empty.", remedy: "download or copy it again")
    }
    let head = unsafe store.withUnsafeBytes { bytes in unsafe Array(bytes.prefix(1024)) }
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) { return .zip }
    if isSafetensors(head, store.count), head[4..<8].allSatisfy({ $0 == 0 }) { return .safetensors }
    if isPickle(head) { return .legacy }
    if head.starts(with: NpyHeader.magic) { return .npy }
    if TarArchive.isTar(head) { return .tar }
    if Shards.isIndex(store) { return .json }
    // Bytes before the archive, such as a program that unpacks it: the end record says what they are.
    if ZipArchive.hasEndRecord(store) { return .zip }
    if let other = Impostor.name(head) {
      throw CheckpointError(.notACheckpoint, "This is \(other.what), not a checkpoint.", remedy: other.remedy)
    }
    if isSafetensors(head, store.count) { return .safetensors }
    if "PK\u{3}\u{4}".utf8.starts(with: head) || head.count < 8 {
      throw CheckpointError(
        .truncated, "The file has \(store.count) bytes, too few for a checkpoint.", remedy: "download or copy it again")
    }
    throw CheckpointError(
      .notACheckpoint, "This is no checkpoint of a kind that is known: it begins with \(preview(head)).",
      remedy: "check where the file came from, and that it arrived whole")
  }

  /// A header's length that is possible, and a brace: what a safetensors file begins with, damaged or not.
  private static func isSafetensors(_ head: [UInt8], _ byteCount: Int) -> Bool {
    guard head.count >= 9 else { return false }
    if head[8] == UInt8(ascii: "{") { return true }
    return head[4..<8].allSatisfy { $0 == 0 } && head[8] == UInt8(ascii: "[")
  }

  /// A pickle of protocol 2 to 5, or torch's magic number in protocol 0 or 1.
  private static func isPickle(_ head: [UInt8]) -> Bool {
    if head.count >= 2, head[0] == 0x80, (2...5).contains(head[1]) { return true }
    return head.starts(with: TorchLegacy.magicLine) || head.starts(with: [0x80, 1])
  }

  private static func preview(_ head: [UInt8]) -> String {
    head.prefix(8).map(\.hexadecimal).joined(separator: " ")
  }
}

/// What people find in a file that should be a checkpoint.
private enum Impostor {
  static func name(_ head: [UInt8]) -> (what: String, remedy: String)? {
    let text = String(decoding: head.prefix(512).drop { $0 <= 0x20 }, as: UTF8.self).lowercased()
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.hasPrefix("<?xml") || text.hasPrefix("<head")
    {
      return ("a web page saved under a checkpoint's name", "open the link in a browser: it may ask for a login")
    }
    if text.hasPrefix("version https://git-lfs") {
      return ("a git-LFS pointer, which stands for the file", "run git lfs pull where it was cloned")
    }
    let unpack = "unpack it first"
    let magics: [([UInt8], String, String)] = [
      ([0x1F, 0x8B], "a gzip stream", "unpack it first: gunzip"), (Array("BZh".utf8), "a bzip2 stream", unpack),
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz stream", unpack), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd stream", unpack),
      ([0x37, 0x7A, 0xBC, 0xAF], "a 7-Zip archive", unpack), (Array("Rar!".utf8), "a RAR archive", unpack),
      ([0xFF, 0xD8, 0xFF], "a JPEG picture", "look for the checkpoint beside it"),
      ([0x89, 0x50, 0x4E, 0x47], "a PNG picture", "look for the checkpoint beside it"),
      (Array("%PDF".utf8), "a PDF document", "look for the checkpoint beside it"),
      (Array("GGUF".utf8), "a GGUF model", "llama.cpp and MLX read it"),
      ([0x89, 0x48, 0x44, 0x46], "an HDF5 file (Keras)", "h5py reads it"),
      (Array("PYTORCH1".utf8), "an archive of a preview version of torch", "save it again with torch 1.6 or later"),
    ]
    for (magic, what, remedy) in magics where head.starts(with: magic) { return (what, remedy) }
    if head.count >= 8, head.allSatisfy({ $0 == 0 }) {
      return ("a run of zeros", "the download was not finished: start it again")
    }
    // A safetensors header's length ends in zero bytes, a pickle begins with one over 0x7f.
    if head.count >= 8, head.allSatisfy({ $0 == 9 || $0 == 10 || $0 == 13 || (0x20..<0x7F).contains($0) }),
      !text.hasPrefix("(") && !text.hasPrefix("c")
    {
      return ("a text", "see what it says: it may name the reason")
    }
    return nil
  }
}
