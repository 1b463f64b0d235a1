extension String {
  /// The text with `A` to `Z` as `a` to `z`: what miniz compares names by.
  var lowercasedASCII: String {
    guard utf8.contains(where: { (0x41...0x5A).contains($0) }) else { return self }
    return String(decoding: utf8.map(Self.lowercasedASCII), as: UTF8.self)
  }

  /// Whether a path ends in the record of a name, without regard to case.
  func isPath(to record: String) -> Bool {
    let record = record.utf8
    let start = utf8.index(utf8.endIndex, offsetBy: -record.count, limitedBy: utf8.startIndex)
    guard let start, utf8[start...].lazy.map(Self.lowercasedASCII).elementsEqual(record) else { return false }
    return start == utf8.startIndex || utf8[utf8.index(before: start)] == UInt8(ascii: "/")
  }

  private static func lowercasedASCII(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
