import StateDicts

/// A Python literal as in a `.npy` header: dict, tuple, list, string, integer, `True`, `False`.
///
/// Nothing else is read, so nothing can be evaluated.
struct PythonLiteral {
  indirect enum Value: Equatable {
    case text(String)
    case integer(Int)
    case bool(Bool)
    case none
    case tuple([Value])
    case dict([String: Value])
  }

  private var rest: ArraySlice<UInt8>

  init(_ text: ArraySlice<UInt8>) {
    rest = text
  }

  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return rest.isEmpty
    }
  }

  /// The next value.
  ///
  /// - Throws: `malformedHeader` with the byte's offset.
  mutating func value(depth: Int = 0) throws(CheckpointError) -> Value {
    guard depth < 8 else { throw malformed("The literal is nested too deeply.") }
    skipSpace()
    guard let first = rest.first else { throw malformed("A value is missing.") }
    switch first {
    case UInt8(ascii: "{"): return try dict(depth)
    case UInt8(ascii: "("): return try .tuple(items(to: UInt8(ascii: ")"), depth))
    case UInt8(ascii: "["): return try .tuple(items(to: UInt8(ascii: "]"), depth))
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return try .text(text())
    case UInt8(ascii: "-"), 0x30...0x39: return try .integer(integer())
    default:
      for (word, value) in [("True", Value.bool(true)), ("False", .bool(false)), ("None", .none)]
      where rest.starts(with: word.utf8) {
        rest = rest.dropFirst(word.utf8.count)
        return value
      }
      throw malformed("Not a Python literal.")
    }
  }

  private mutating func dict(_ depth: Int) throws(CheckpointError) -> Value {
    rest = rest.dropFirst()
    var entries: [String: Value] = [:]
    while try !close(UInt8(ascii: "}")) {
      guard case .text(let key) = try value(depth: depth + 1) else { throw malformed("A key is not a string.") }
      try expect(UInt8(ascii: ":"))
      guard try entries.updateValue(value(depth: depth + 1), forKey: key) == nil else {
        throw malformed("Duplicate key.")
      }
      if try close(UInt8(ascii: "}")) { break }
      try expect(UInt8(ascii: ","))
    }
    return .dict(entries)
  }

  private mutating func items(to end: UInt8, _ depth: Int) throws(CheckpointError) -> [Value] {
    rest = rest.dropFirst()
    var items: [Value] = []
    while try !close(end) {
      try items.append(value(depth: depth + 1))
      if try close(end) { break }
      try expect(UInt8(ascii: ","))
    }
    return items
  }

  private mutating func text() throws(CheckpointError) -> String {
    let quote = rest.removeFirst()
    guard let end = rest.firstIndex(of: quote) else { throw malformed("Unterminated string.") }
    let content = rest[..<end]
    guard !content.contains(UInt8(ascii: "\\")) else { throw malformed("Escapes in strings are not supported.") }
    rest = rest[(end + 1)...]
    return String(decoding: content, as: UTF8.self)
  }

  /// Python 2 wrote `3L`.
  private mutating func integer() throws(CheckpointError) -> Int {
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest = rest.dropFirst() }
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard let value = Int(digits: digits) else { throw malformed("No 64-bit number.") }
    rest = rest.dropFirst(digits.count)
    if rest.first == UInt8(ascii: "L") { rest = rest.dropFirst() }
    return isNegative ? -value : value
  }

  private mutating func close(_ byte: UInt8) throws(CheckpointError) -> Bool {
    skipSpace()
    guard let first = rest.first else { throw malformed("A closing bracket is missing.") }
    guard first == byte else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func expect(_ byte: UInt8) throws(CheckpointError) {
    guard try close(byte) else { throw malformed("\"\(Character(Unicode.Scalar(byte)))\" is missing.") }
  }

  private mutating func skipSpace() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D }
  }

  private func malformed(_ message: String) -> CheckpointError {
    CheckpointError.malformedHeader(message, offset: rest.startIndex)
  }
}
