import StateDicts

/// The members of a tar archive with their positions: ustar, PAX and GNU headers, of which only names and sizes are
/// used.
///
///     offset 0     "sys_info"            name, to 100 bytes
///     offset 124   "00000000137\0"       size, octal; from 8 GiB on 0x80 and a big-endian number
///     offset 148   "0010706\0 "          sum of the header's bytes, octal
///     offset 156   '0'                   type: '0' a file, 'x' PAX attributes, 'L' a long name, both of the next member
///     offset 257   "ustar"
///     offset 345   "folder"              what stands before the name, to 155 bytes
///
/// PAX attributes are lines "19 path=some/name\n", each with its own length in front.
/// Source: POSIX.1-2001, `pax`; GNU tar's manual, "Basic Tar Format".
struct TarArchive {
  struct Member {
    let name: String
    let range: Range<Int>
  }

  private static let blockByteCount = 512
  let members: [Member]
  /// Whether a block of zeros ends the archive, as it must.
  let hasEnd: Bool

  subscript(name: String) -> Member? { members.first { $0.name == name || $0.name == "./" + name } }

  /// Whether the first header has its mark, or the right sum, which is what Python's `tarfile` asks: tars of old have
  /// no mark.
  static func isTar(_ head: [UInt8]) -> Bool {
    guard head.count >= blockByteCount, head[0] != 0 else { return false }
    let header = Array(head.prefix(blockByteCount))
    return header[257..<262].elementsEqual("ustar".utf8) || octal(header[148..<156]) == sum(header)
  }

  /// - Throws: `malformedArchive`, `truncated`.
  init(_ store: ByteStore) throws(CheckpointError) {
    var members: [Member] = []
    var position = 0
    var hasEnd = false
    // What stands before a member and says its name or size in its header's place.
    var longName: String?
    var longSize: Int?
    while position + Self.blockByteCount <= store.count {
      let header = store.array(position..<position + Self.blockByteCount)
      hasEnd = header.allSatisfy { $0 == 0 }
      if hasEnd { break }
      let type = header[156]
      let isFile = type == UInt8(ascii: "0") || type == 0 || type == UInt8(ascii: "7")
      guard Self.octal(header[148..<156]) == Self.sum(header), let ownSize = Self.number(header[124..<136]) else {
        throw CheckpointError.malformedArchive("Wrong checksum or size in a tar header.", offset: position)
      }
      let size = isFile ? longSize ?? ownSize : ownSize
      let start = position + Self.blockByteCount
      guard size >= 0, size <= store.count - start else {
        throw CheckpointError.truncated(
          "A tar member has \(size) bytes, but only \(store.count - start) are left.", offset: start)
      }
      switch type {
      case UInt8(ascii: "x"):
        let attributes = Self.attributes(store, start..<start + min(size, Self.attributesByteCount))
        longName = attributes["path"] ?? longName
        longSize = attributes["size"].flatMap { Int(digits: $0.utf8) } ?? longSize
      case UInt8(ascii: "L"):
        longName = Self.text(store.array(start..<start + min(size, Self.attributesByteCount))[...])
      default:
        if isFile { members.append(Member(name: longName ?? Self.name(header), range: start..<start + size)) }
        (longName, longSize) = (nil, nil)
      }
      guard let end = (start + size).plus(Self.blockByteCount - 1) else { break }
      position = end / Self.blockByteCount * Self.blockByteCount
    }
    self.members = members
    self.hasEnd = hasEnd
  }

  /// More than any name takes.
  private static let attributesByteCount = 1 << 16

  private static func name(_ header: [UInt8]) -> String {
    let name = text(header[0..<100])
    // GNU's own headers keep times there.
    guard header[257..<263].elementsEqual("ustar\0".utf8), header[345] != 0 else { return name }
    return text(header[345..<500]) + "/" + name
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func attributes(_ store: ByteStore, _ range: Range<Int>) -> [String: String] {
    var rest = store.array(range)[...]
    var attributes: [String: String] = [:]
    while let space = rest.firstIndex(of: 0x20), let length = Int(digits: rest[..<space]),
      length > space - rest.startIndex, length <= rest.count
    {
      let line = rest[(space + 1)..<(rest.startIndex + length)].prefix { $0 != 0x0A }
      if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
        attributes[String(decoding: line[..<equals], as: UTF8.self)] = String(
          decoding: line[(equals + 1)...], as: UTF8.self)
      }
      rest = rest.dropFirst(length)
    }
    return attributes
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard let first = digits.first, first >= 0x80 else { return octal(digits) }
    guard first == 0x80 else { return nil }
    var number = 0
    for byte in digits.dropFirst() {
      guard let product = number.times(256) else { return nil }
      number = product | Int(byte)
    }
    return number
  }

  private static func octal(_ digits: ArraySlice<UInt8>) -> Int? {
    Int(digits: digits.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }, radix: 8)
  }

  /// The bytes' sum, with spaces in place of the sum itself.
  private static func sum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int($1.element)) }
  }
}
