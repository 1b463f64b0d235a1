import StateDicts

/// Files built byte by byte around pickles.
enum FileBytes {
  // MARK: - Zip

  /// An archive of stored entries, each with the CRC-32 that its bytes have, unless another is given for its name.
  static func zip(_ entries: [(name: String, bytes: [UInt8])], checksums: [String: UInt32] = [:]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in entries {
      let offset = UInt32(file.count)
      let own = unsafe bytes.withUnsafeBytes { unsafe Checksum(of: $0).value }
      let crc = checksums[name] ?? own
      let shared =
        PickleBytes.little(UInt16(0)) + [0, 0] + [0, 0, 0, 0] + PickleBytes.little(crc)
        + PickleBytes.little(UInt32(bytes.count)) + PickleBytes.little(UInt32(bytes.count))
        + PickleBytes.little(UInt16(name.utf8.count)) + [0, 0]
      file += [0x50, 0x4B, 3, 4, 20, 0] + shared + Array(name.utf8) + bytes
      directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + shared + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      directory += PickleBytes.little(offset) + Array(name.utf8)
    }
    let count = PickleBytes.little(UInt16(entries.count))
    let end =
      [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + count + count + PickleBytes.little(UInt32(directory.count))
      + PickleBytes.little(UInt32(file.count)) + [0, 0]
    return file + directory + end
  }

  /// A torch archive of one pickle and its storages.
  static func torch(
    _ body: [UInt8], storages: [(String, [UInt8])] = [("0", [UInt8](repeating: 0, count: 16))],
    more: [(name: String, bytes: [UInt8])] = [], checksums: [String: UInt32] = [:]
  ) -> [UInt8] {
    zip(
      [(name: "archive/data.pkl", bytes: PickleBytes.whole(body))]
        + storages.map { (name: "archive/data/\($0.0)", bytes: $0.1) } + more
        + [(name: "archive/version", bytes: Array("3\n".utf8))], checksums: checksums)
  }

  /// The floats 0, 1, 2 … as a storage has them.
  static func floats(_ count: Int) -> [UInt8] { (0..<count).flatMap { PickleBytes.little(Float($0).bitPattern) } }

  // MARK: - Legacy

  static let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

  static func legacy(
    _ body: [UInt8], protocol version: Int = 1001, keys: [UInt8] = PickleBytes.list(PickleBytes.text("0")),
    storages: [UInt8] = PickleBytes.little(Int64(4)) + [UInt8](repeating: 0, count: 16)
  ) -> [UInt8] {
    let head = magic + PickleBytes.whole(PickleBytes.integer(version)) + PickleBytes.whole(PickleBytes.dict())
    return head + PickleBytes.whole(body) + PickleBytes.whole(keys) + storages
  }

  // MARK: - Tar

  static func tar(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    for (name, bytes) in members {
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, _ offset: Int) {
        header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
      }
      let size = String(bytes.count, radix: 8)
      put(name, 0)
      put(String(repeating: "0", count: 11 - size.count) + size, 124)
      put("        ", 148)
      put("0", 156)
      put("ustar", 257)
      let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
      put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", 148)
      file += header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
    return file + [UInt8](repeating: 0, count: 1024)
  }

  /// A sound tar checkpoint of one tensor of two floats, with members replaced by name, or one left out.
  static func torchTar(replacing changes: [String: [UInt8]] = [:], without absent: String? = nil) -> [UInt8] {
    let members: [(name: String, bytes: [UInt8])] = [
      ("sys_info", PickleBytes.whole(PickleBytes.dict())),
      ("pickle", PickleBytes.whole(PickleBytes.dict(("w", PickleBytes.text("1") + Array("Q".utf8))))),
      ("tensors", tarTensors()), ("storages", tarStorages()),
    ]
    return tar(
      members.filter { $0.name != absent }.map { (name: $0.name, bytes: changes[$0.name] ?? $0.bytes) })
  }

  static func tarStorages(
    count: Int = 1, elements: Int64 = 2, bytes: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64], views: [UInt8] = Array("]".utf8)
  ) -> [UInt8] {
    let record = PickleBytes.tuple(
      PickleBytes.integer(7), PickleBytes.text("cpu"), PickleBytes.global("torch", "FloatStorage"))
    return PickleBytes.whole(PickleBytes.integer(count)) + PickleBytes.whole(record) + PickleBytes.little(elements)
      + bytes + PickleBytes.whole(views)
  }

  static func tarTensors(
    storage: Int = 7, dimensions: Int32 = 1, size: Int64 = 2, offset: Int64 = 0
  ) -> [UInt8] {
    let record = PickleBytes.tuple(
      PickleBytes.integer(1), PickleBytes.integer(storage), PickleBytes.global("torch", "FloatTensor"))
    return PickleBytes.whole(PickleBytes.integer(1)) + PickleBytes.whole(record) + PickleBytes.little(dimensions)
      + [0, 0, 0, 0] + PickleBytes.little(size) + PickleBytes.little(Int64(1)) + PickleBytes.little(offset)
  }

  // MARK: - Npy

  static func npy(_ header: String, version: UInt8 = 1, data: [UInt8] = []) -> [UInt8] {
    let length =
      version == 1 ? PickleBytes.little(UInt16(header.utf8.count)) : PickleBytes.little(UInt32(header.utf8.count))
    return [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0] + length + Array(header.utf8) + data
  }
}
