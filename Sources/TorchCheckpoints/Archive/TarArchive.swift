import StateDicts

/// A tar archive's members, where they lie: ustar, PAX and GNU headers, of which only names and sizes matter here.
///
///     offset 0     "sys_info"            name, to 100 bytes
///     offset 124   "00000000137\0"       size, octal
///     offset 148   "0010706\0 "          sum of the header's bytes, octal
///     offset 156   '0'                   type: '0' a file, 'x' 'g' PAX attributes, 'L' a long name
///     offset 257   "ustar"
///
/// Source: POSIX.1-2001, `pax`.
struct TarArchive {
  struct Member {
    let name: String
    let range: Range<Int>
  }

  private static let blockByteCount = 512
  let members: [Member]

  subscript(name: String) -> Member? { members.first { $0.name == name || $0.name == "./" + name } }

  static func isTar(_ head: [UInt8]) -> Bool {
    head.count >= blockByteCount && head[257..<262].elementsEqual("ustar".utf8)
  }

  /// - Throws: `malformedArchive`, `truncated`.
  init(_ store: ByteStore) throws(CheckpointError) {
    var members: [Member] = []
    var position = 0
    while position + Self.blockByteCount <= store.count {
      let header = unsafe store.withUnsafeBytes { bytes in
        unsafe Array(bytes[position..<position + Self.blockByteCount])
      }
      if header.allSatisfy({ $0 == 0 }) { break }
      guard Self.octal(header[148..<156]) == Self.sum(header), let size = Self.octal(header[124..<136]) else {
        throw CheckpointError(.malformedArchive, "A tar header whose sum or size is wrong.", offset: position)
      }
      let start = position + Self.blockByteCount
      guard size <= store.count - start else {
        throw CheckpointError(
          .truncated, "A tar member of \(size) bytes, of which \(store.count - start) are there.", offset: start,
          remedy: "the file may have been cut short: download or copy it again")
      }
      if header[156] == UInt8(ascii: "0") || header[156] == 0 {
        let name = String(decoding: header[0..<100].prefix { $0 != 0 }, as: UTF8.self)
        members.append(Member(name: name, range: start..<start + size))
      }
      position = start + (size + Self.blockByteCount - 1) / Self.blockByteCount * Self.blockByteCount
    }
    self.members = members
  }

  private static func octal(_ digits: ArraySlice<UInt8>) -> Int? {
    let text = digits.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
    return text.isEmpty ? nil : Int(String(decoding: text, as: UTF8.self), radix: 8)
  }

  /// The bytes' sum, with spaces in place of the sum itself.
  private static func sum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element)) }
  }
}
