/// Strings as Python pickles them: UTF-8 that may have unpaired surrogates (`surrogatepass`).
///
///     6d 2f ed b2 ff       "m/" and U+DCFF: how Python keeps the byte ff of a file's name that is no UTF-8
///
/// Swift's texts cannot hold such a half. It is shown as Python's `repr` shows it, `m/\udcff`, so that no two names
/// become one unseen.
enum PythonText {
  enum Kind {
    case plain
    /// UTF-8 except for unpaired surrogates.
    case halfPairs
    /// Invalid in Python too.
    case invalid
  }

  static func kind(of bytes: UnsafeRawBufferPointer) -> Kind {
    if unsafe bytes.allSatisfy({ $0 < 0x80 }) { return .plain }
    var kind = Kind.plain
    var start = 0
    // In windows, since a string may be as long as the file, and is copied to be checked.
    while start < bytes.count {
      var end = min(start + windowByteCount, bytes.count)
      if end < bytes.count { while end > start + 1, unsafe bytes[end] & 0xC0 == 0x80 { end -= 1 } }
      let window = unsafe Array(bytes[start..<end])
      if String(validating: window, as: UTF8.self) == nil {
        guard String(validating: escaped(window), as: UTF8.self) != nil else { return .invalid }
        kind = .halfPairs
      }
      start = end
    }
    return kind
  }

  private static let windowByteCount = 1 << 16

  /// The text with each half pair as an escape.
  static func text(_ bytes: [UInt8]) -> String { String(decoding: escaped(bytes), as: UTF8.self) }

  private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      guard byte == 0xED, let unit = halfPair([byte] + rest.prefix(2)) else {
        result.append(byte)
        continue
      }
      rest = rest.dropFirst(2)
      result.append(contentsOf: "\\u\(String(unit, radix: 16))".utf8)
    }
    return result
  }

  /// Half of a surrogate pair, if bytes begin with one.
  static func halfPair(_ bytes: some Collection<UInt8>) -> Int? {
    let bytes = Array(bytes.prefix(3))
    guard bytes.count == 3, bytes[0] == 0xED, (0xA0...0xBF).contains(bytes[1]), (0x80...0xBF).contains(bytes[2]) else {
      return nil
    }
    return 0xD000 | Int(bytes[1] & 0x3F) << 6 | Int(bytes[2] & 0x3F)
  }

  /// UTF-8 of UTF-16 units, half pairs as `surrogatepass` writes them.
  static func bytes(_ units: [UInt16]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = units[...]
    while let unit = rest.popFirst() {
      if UTF16.isLeadSurrogate(unit), let next = rest.first, UTF16.isTrailSurrogate(next) {
        rest = rest.dropFirst()
        result.append(contentsOf: String(decoding: [unit, next], as: UTF16.self).utf8)
      } else if UTF16.isSurrogate(unit) {
        result += [0xED, 0x80 | UInt8(unit >> 6 & 0x3F), 0x80 | UInt8(unit & 0x3F)]
      } else if unit < 0x80 {
        result.append(UInt8(unit))
      } else if let scalar = Unicode.Scalar(unit) {
        result.append(contentsOf: scalar.utf8)
      }
    }
    return result
  }
}
