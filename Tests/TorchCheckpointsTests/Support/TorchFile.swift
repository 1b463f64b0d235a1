import StateDicts
import TorchCheckpoints

/// A file of torch's zip format, put together by hand: any pickle, any records, stored as they are.
struct TorchFile {
  private var entries: [(name: String, bytes: [UInt8], checksum: UInt32)] = []

  /// An archive of a pickle whose instructions these are, and of a storage of `count` floats 0, 1, 2 … for each key.
  init(_ instructions: String, storages: [String: Int] = [:]) {
    add("archive/data.pkl", bytes("\u{80}\u{2}" + instructions + "."))
    add("archive/version", bytes("3\n"))
    for (key, count) in storages.sorted(by: { $0.key < $1.key }) {
      add("archive/data/\(key)", (0..<count).flatMap { Self.littleEndian(Float($0).bitPattern) })
    }
  }

  /// Adds a record, by default with the checksum that its bytes have.
  mutating func add(_ name: String, _ bytes: [UInt8], checksum: UInt32? = nil) {
    let own = unsafe bytes.withUnsafeBytes { unsafe Checksum(of: $0).value }
    entries.append((name, bytes, checksum ?? own))
  }

  /// The archive: local headers and bytes, the directory, its end record.
  var contents: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let offset = UInt32(file.count)
      let sizes = Self.littleEndian(entry.checksum) + Self.littleEndian(UInt32(entry.bytes.count)) * 2
      let common =
        bytes("\u{14}\u{0}\u{0}\u{8}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}") + sizes
        + Self.littleEndian(UInt16(entry.name.utf8.count))
      file += bytes("PK\u{3}\u{4}") + common + Self.littleEndian(UInt16(0)) + entry.name.utf8 + entry.bytes
      directory +=
        bytes("PK\u{1}\u{2}\u{14}\u{0}") + common + [UInt8](repeating: 0, count: 12)
        + Self.littleEndian(offset) + entry.name.utf8
    }
    let count = Self.littleEndian(UInt16(entries.count))
    return file + directory + bytes("PK\u{5}\u{6}\u{0}\u{0}\u{0}\u{0}") + count + count
      + Self.littleEndian(UInt32(directory.count)) + Self.littleEndian(UInt32(file.count)) + [0, 0]
  }

  private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }
}

private func * (bytes: [UInt8], count: Int) -> [UInt8] { (0..<count).flatMap { _ in bytes } }

/// Instructions that make values, to be joined to larger ones.
enum Instructions {
  static func text(_ text: String) -> String {
    "U" + one(text.utf8.count) + String(decoding: latin(text), as: UTF8.self)
  }

  /// A dict of these entries, in order; a value under a text key.
  static func dict(_ entries: (String, String)...) -> String {
    "}(" + entries.map { text($0.0) + $0.1 }.joined() + "u"
  }

  /// A tensor of `count` floats that lie one after another in the storage of a key.
  static func tensor(_ key: String = "0", count: Int = 2, shape: String? = nil, strides: String? = nil, offset: Int = 0)
    -> String
  {
    "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text(key) + text("cpu") + "K"
      + one(count) + "tQK" + one(offset) + (shape ?? "K\(one(count))\u{85}") + (strides ?? "K\u{1}\u{85}")
      + "\u{89}ccollections\nOrderedDict\n)RtR"
  }

  private static func one(_ number: Int) -> String { String(Unicode.Scalar(UInt8(truncatingIfNeeded: number))) }

  /// UTF-8 whose bytes are characters of their own, as `bytes(_:)` takes them.
  private static func latin(_ text: String) -> [UInt8] {
    Array(text.utf8.map { String(Unicode.Scalar($0)) }.joined().utf8)
  }
}
