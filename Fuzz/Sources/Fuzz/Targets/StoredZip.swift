/// A zip archive of stored entries.
struct StoredZip: Structure {
  var parts: [Part] = []

  init(_ parts: [Part]) { self.parts = parts }

  /// A torch archive of a pickle and four storages.
  static func torch(pickle: [UInt8]) -> StoredZip {
    func part(_ name: String, _ bytes: [UInt8]) -> Part { Part(name: Array("a/\(name)".utf8), bytes: bytes) }
    return StoredZip(
      [part("data.pkl", pickle), part("version", Array("3\n".utf8))]
        + (0..<4).map { part("data/\($0)", [UInt8](repeating: UInt8($0) &* 63, count: 16 * ($0 + 1))) })
  }

  init?(_ file: [UInt8]) {
    guard file.count >= 22,
      let end = (max(0, file.count - 70_000)...file.count - 22).last(where: { file.has([0x50, 0x4B, 5, 6], at: $0) }),
      let count = file.little(end + 10, 2), var place = file.little(end + 16, 4)
    else { return nil }
    for _ in 0..<count {
      guard file.has([0x50, 0x4B, 1, 2], at: place), file.little(place + 10, 2) == 0,
        let byteCount = file.little(place + 24, 4), let nameCount = file.little(place + 28, 2),
        let extraCount = file.little(place + 30, 2), let commentCount = file.little(place + 32, 2),
        let local = file.little(place + 42, 4), let skippedName = file.little(local + 26, 2),
        let skippedExtra = file.little(local + 28, 2), place + 46 + nameCount <= file.count
      else { return nil }
      let start = local + 30 + skippedName + skippedExtra
      guard byteCount <= file.count - start else { return nil }
      parts.append(
        Part(
          name: Array(file[place + 46..<place + 46 + nameCount]), bytes: Array(file[start..<start + byteCount])))
      place += 46 + nameCount + extraCount + commentCount
    }
  }

  var file: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for part in parts {
      let name = part.name.prefix(0xFFFF)
      var shared: [UInt8] = [0, 0, 0, 0, 0, 0, 0x21, 0]
      for (value, count) in [(part.bytes.crc32, 4), (part.bytes.count, 4), (part.bytes.count, 4), (name.count, 2)] {
        shared += [UInt8].little(value, count)
      }
      directory += [0x50, 0x4B, 1, 2, 20, 0, 20, 0] + shared + [UInt8](repeating: 0, count: 12)
      directory += [UInt8].little(file.count, 4)
      directory += name
      file += [0x50, 0x4B, 3, 4, 20, 0]
      file += shared
      file += [0, 0]
      file += name
      file += part.bytes
    }
    var end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    for (value, count) in [(parts.count, 2), (parts.count, 2), (directory.count, 4), (file.count, 4), (0, 2)] {
      end += [UInt8].little(value, count)
    }
    return file + directory + end
  }
}
