/// A file taken apart, which is put together again with the lengths and checksums that its parts then have.
protocol Structure {
  init?(_ file: [UInt8])
  var parts: [Part] { get set }
  var file: [UInt8] { get }
}

struct Part {
  var name: [UInt8]
  var bytes: [UInt8]
}

extension [UInt8] {
  /// A little-endian number; nil beyond the end.
  func little(_ place: Int, _ count: Int) -> Int? {
    guard place >= 0, place <= self.count - count else { return nil }
    return self[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// A number as little-endian bytes.
  static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func big(_ value: Int, _ count: Int) -> [UInt8] { little(value, count).reversed() }

  var crc32: Int {
    Int(~reduce(~0 as UInt32) { sum, byte in crcTable[Int((sum ^ UInt32(byte)) & 0xFF)] ^ sum >> 8 })
  }

  func has(_ other: [UInt8], at place: Int) -> Bool {
    place >= 0 && place <= count - other.count && other.indices.allSatisfy { self[place + $0] == other[$0] }
  }
}

private let crcTable: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
}

/// The header and the data of a safetensors file.
struct SafetensorsParts: Structure {
  var parts: [Part]

  init?(_ file: [UInt8]) {
    guard let count = file.little(0, 8), count >= 0, count <= file.count - 8, file.has([0x7B], at: 8) else {
      return nil
    }
    parts = [
      Part(name: Array(".json".utf8), bytes: Array(file[8..<8 + count])),
      Part(name: [], bytes: Array(file[(8 + count)...])),
    ]
  }

  var file: [UInt8] {
    let header = parts.first?.bytes ?? []
    return .little(header.count, 8) + header + parts.dropFirst().flatMap(\.bytes)
  }
}

/// The chunks of a PNG file, by their types.
struct PNGChunks: Structure {
  var parts: [Part] = []
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  init?(_ file: [UInt8]) {
    guard file.starts(with: Self.signature) else { return nil }
    var place = Self.signature.count
    while place + 12 <= file.count {
      let count = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
      guard count <= file.count - place - 12 else { return nil }
      parts.append(
        Part(name: Array(file[place + 4..<place + 8]), bytes: Array(file[place + 8..<place + 8 + count])))
      place += 12 + count
    }
  }

  var file: [UInt8] {
    parts.reduce(into: Self.signature) { file, part in
      let typed = Array((part.name + [0, 0, 0, 0]).prefix(4)) + part.bytes
      file += .big(part.bytes.count, 4) + typed + .big(typed.crc32, 4)
    }
  }
}

/// The members of a tar archive, each by the block before it.
struct TarMembers: Structure {
  var parts: [Part] = []

  init?(_ file: [UInt8]) {
    var place = 0
    guard file.has(Array("ustar".utf8), at: 257) else { return nil }
    while place + 512 <= file.count, file[place] != 0 {
      let digits = file[place + 124..<place + 135]
      guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
      let count = digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
      guard count <= file.count - place - 512 else { return nil }
      parts.append(
        Part(name: Array(file[place..<place + 512]), bytes: Array(file[place + 512..<place + 512 + count])))
      place += 512 + (count + 511) / 512 * 512
    }
  }

  var file: [UInt8] {
    let end = [UInt8](repeating: 0, count: 1024)
    return parts.reduce(into: []) { file, part in
      var header = Array((part.name + end).prefix(512))
      header.replaceSubrange(124..<136, with: Self.octal(part.bytes.count, 11) + [0])
      header.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
      header.replaceSubrange(148..<154, with: Self.octal(header.reduce(0) { $0 + Int($1) }, 6))
      header[154] = 0
      file += header + part.bytes + [UInt8](repeating: 0, count: (512 - part.bytes.count % 512) % 512)
    } + end
  }

  private static func octal(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(0x30 + (value >> (3 * $0)) & 7) }
  }
}
