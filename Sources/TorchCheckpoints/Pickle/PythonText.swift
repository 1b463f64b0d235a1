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
    let bytes = unsafe Array(bytes)
    if String(validating: bytes, as: UTF8.self) != nil { return .plain }
    return String(validating: escaped(bytes), as: UTF8.self) != nil ? .halfPairs : .invalid
  }

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
      } else {
        result.append(contentsOf: String(decoding: CollectionOfOne(unit), as: UTF16.self).utf8)
      }
    }
    return result
  }
}
