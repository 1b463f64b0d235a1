import StateDicts

/// A file's first and last bytes, by which its kind is known.
struct FileHead: Sendable {
  /// The first bytes, at most `limit`.
  let bytes: [UInt8]
  /// The last bytes, at most 16.
  let tail: [UInt8]
  /// The size of the file.
  let byteCount: Int

  static let limit = 1024

  init(_ store: ByteStore) {
    let count = store.count
    self.init(
      bytes: store.array(0..<min(count, Self.limit)), tail: store.array(max(count - 16, 0)..<count), byteCount: count)
  }

  init(bytes: [UInt8], tail: [UInt8] = [], byteCount: Int? = nil) {
    self.bytes = bytes
    self.tail = tail
    self.byteCount = byteCount ?? bytes.count
  }

  /// The beginning as text in lower case, without leading white space.
  var text: String { String(decoding: bytes.prefix(512).drop { $0 <= 0x20 }, as: UTF8.self).lowercased() }

  /// Whether all bytes are printable ASCII, tabs and line ends.
  var isText: Bool {
    bytes.count >= 8 && bytes.allSatisfy { $0 == 9 || $0 == 10 || $0 == 13 || (0x20..<0x7F).contains($0) }
  }
}

/// The formats that checkpoints come in.
extension FileHead {
  /// Torch's magic number of the legacy format, as protocol 2 writes it.
  static let legacyMagic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  /// The magic number as protocols 0 and 1 write it.
  private static let legacyMagicLine = Array("L119547037146038801333356L\n".utf8)
  /// The byte order mark that some editors write before UTF-8 text.
  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// A zip archive, perhaps of no entries.
  var isZip: Bool { bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6]) }

  /// A pickle with its protocol in front, or torch's magic number in protocol 0 or 1.
  var isPickle: Bool {
    bytes.count >= 2 && bytes[0] == 0x80 && bytes[1] <= 5 || bytes.starts(with: Self.legacyMagicLine)
  }

  /// A pickle that is not one of torch: as much else may be.
  var isPlainPickle: Bool { bytes.first == 0x80 && !bytes.dropFirst(4).starts(with: Self.legacyMagic) }

  var isTar: Bool { TarArchive.isTar(bytes) }

  var isGzip: Bool { Gzip.isGzip(bytes) }

  /// A `.npy` file.
  var isArray: Bool { bytes.starts(with: NpyHeader.magic) }

  /// A safetensors header, damaged or not: a possible length, then a brace or bracket.
  var isSafetensors: Bool {
    bytes.count >= 9 && bytes[4..<8].allSatisfy { $0 == 0 }
      && (bytes[8] == UInt8(ascii: "{") || bytes[8] == UInt8(ascii: "["))
  }

  /// A safetensors header whose length is not a possible one.
  var isDamagedSafetensors: Bool { bytes.count >= 9 && bytes[8] == UInt8(ascii: "{") }

  /// A JSON object, such as the index of a checkpoint in several files.
  var isJSON: Bool {
    var start = bytes.prefix(64)
    if start.starts(with: Self.byteOrderMark) { start = start.dropFirst(Self.byteOrderMark.count) }
    // A safetensors header's length may begin with any byte; it has zeros, and a JSON text has none.
    return !start.contains(0) && start.drop(while: { $0 <= 0x20 }).first == UInt8(ascii: "{")
  }

  /// Whether bytes inside a file begin as a checkpoint does.
  var mayBeCheckpoint: Bool { isZip || isPickle || isArray || isSafetensors }
}
