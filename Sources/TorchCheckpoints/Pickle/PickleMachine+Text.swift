import StateDicts

/// Strings, and the instructions of protocol 0, whose arguments are lines of text.
///
///     49 30 31 0a          INT "01"       True; "00" is False, anything else a number
///     4c 37 4c 0a          LONG "7L"
///     53 27 5c 6e 27 0a    STRING '\n'    a Python literal with its quotes
///     56 5c 75 30 30 65 39 0a   UNICODE \u00e9
extension PickleMachine {
  /// - Throws: `malformedPickle` for a string that Python could not read.
  mutating func pushText(_ range: Range<Int>) throws(CheckpointError) {
    try store.hold(range)
    defer { store.release(range) }
    switch unsafe store.withUnsafeBytes({ bytes in
      unsafe PythonText.kind(of: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }) {
    case .plain: break
    case .halfPairs: hasHalfPairs = true
    case .invalid: throw malformed("A string is not UTF-8.")
    }
    try push(.text(slice(range)))
  }

  /// A module's or class's name.
  func name(_ line: Range<Int>) throws(CheckpointError) -> String {
    guard let name = String(validating: store.array(line), as: UTF8.self) else {
      throw malformed("The name of a global is not UTF-8.")
    }
    return name
  }

  mutating func pushInt(line: Range<Int>) throws(CheckpointError) {
    switch text(line) {
    case "00": try push(.bool(false))
    case "01": try push(.bool(true))
    case let digits: try pushDecimal(digits)
    }
  }

  mutating func pushLong(line: Range<Int>) throws(CheckpointError) {
    let digits = text(line)
    try pushDecimal(digits.hasSuffix("L") ? String(digits.dropLast()) : digits)
  }

  mutating func pushFloat(line: Range<Int>) throws(CheckpointError) {
    let digits = text(line).filter { $0 != " " }
    // Swift reads hexadecimal fractions too, Python does not.
    guard !digits.contains("x"), !digits.contains("X"), let value = Double(digits) else {
      throw malformed("\"\(digits)\" is not a number.")
    }
    try push(.float(value))
  }

  func index(line: Range<Int>) throws(CheckpointError) -> Int {
    guard let index = Int(digits: store.array(line)) else { throw malformed("\"\(text(line))\" is not a memo index.") }
    return index
  }

  private mutating func pushDecimal(_ digits: String) throws(CheckpointError) {
    if let value = Int(digits) {
      try push(.integer(value))
      return
    }
    let isNegative = digits.hasPrefix("-")
    let magnitude = digits.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
    // Python itself reads no more digits than this (`sys.int_info.default_max_str_digits`).
    guard !magnitude.isEmpty, magnitude.count <= 4300, magnitude.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw malformed("\"\(digits.prefix(40))\" is not an integer.")
    }
    var bytes: [UInt8] = []
    for digit in magnitude {
      var carry = Int(digit) - 0x30
      for place in bytes.indices {
        carry += Int(bytes[place]) * 10
        bytes[place] = UInt8(truncatingIfNeeded: carry)
        carry >>= 8
      }
      if carry > 0 { bytes.append(UInt8(truncatingIfNeeded: carry)) }
    }
    bytes.append(0)
    if isNegative { bytes.negate() }
    try push(.bigInteger(keep(bytes)))
  }

  /// A Python string literal: its quotes go, its escapes are resolved.
  mutating func unquoted(_ line: Range<Int>) throws(CheckpointError) -> Pickle.Slice {
    let literal = store.array(line)
    guard literal.count >= 2, let quote = literal.first, quote == literal.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw malformed("A STRING has no quotes.") }
    return try keep(unescape(literal[1..<literal.count - 1], textEscapes: false))
  }

  /// `raw-unicode-escape`: Latin-1, and \u and \U escapes.
  mutating func unescaped(_ line: Range<Int>) throws(CheckpointError) -> Pickle.Slice {
    let text = try unsafe store.withUnsafeBytes { bytes throws(CheckpointError) in
      try unsafe unescape(bytes[line], textEscapes: true)
    }
    if unsafe text.withUnsafeBytes({ unsafe PythonText.kind(of: $0) }) == .halfPairs { hasHalfPairs = true }
    return try keep(text)
  }

  /// What a letter after a backslash stands for.
  private static let plainEscapes: [UInt8: UInt32] = [
    UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8,
    UInt8(ascii: "f"): 12, UInt8(ascii: "v"): 11, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "'"): 0x27,
    UInt8(ascii: "\""): 0x22,
  ]

  private func unescape<Bytes: Collection<UInt8>>(
    _ source: Bytes, textEscapes: Bool
  ) throws(CheckpointError) -> [UInt8] where Bytes.SubSequence == Bytes {
    var result: [UInt8] = []
    var units: [UInt16] = []
    func number(_ digits: some Sequence<UInt8>, radix: Int) throws(CheckpointError) -> UInt32 {
      guard let value = UInt32(digits: digits, radix: radix), value <= 0x10FFFF else {
        throw malformed("An escape has no digits, or no such character exists.")
      }
      return value
    }
    func put(_ scalar: UInt32) {
      if textEscapes {
        if scalar > 0xFFFF, let value = Unicode.Scalar(scalar) {
          units.append(contentsOf: String(Character(value)).utf16)
        } else {
          units.append(UInt16(truncatingIfNeeded: scalar))
        }
      } else {
        result.append(UInt8(truncatingIfNeeded: scalar))
      }
    }
    var rest = source
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let kind = rest.first else {
        put(UInt32(byte))
        continue
      }
      let hexadecimalCount: Int? =
        switch kind {
        case UInt8(ascii: "u") where textEscapes: 4
        case UInt8(ascii: "U") where textEscapes: 8
        case UInt8(ascii: "x") where !textEscapes: 2
        default: nil
        }
      if let count = hexadecimalCount {
        guard rest.count > count else { throw malformed("An escape has no digits.") }
        try put(number(rest.dropFirst().prefix(count), radix: 16))
        rest = rest.dropFirst(count + 1)
      } else if textEscapes {
        put(UInt32(byte))
      } else if (0x30...0x37).contains(kind) {
        let digits = rest.prefix(3).prefix { (0x30...0x37).contains($0) }
        try put(number(digits, radix: 8))
        rest = rest.dropFirst(digits.count)
      } else {
        if let value = Self.plainEscapes[kind] {
          put(value)
          rest = rest.dropFirst()
        } else {
          put(UInt32(byte))
        }
      }
    }
    // Surrogates come as two escapes and make one character.
    return textEscapes ? PythonText.bytes(units) : result
  }

  private mutating func keep(_ bytes: [UInt8]) throws(CheckpointError) -> Pickle.Slice {
    guard let count = UInt32(exactly: bytes.count) else { throw malformed("A string of more than 4 GiB.") }
    decoded.append(contentsOf: bytes)
    return Pickle.Slice(start: -1 - (decoded.count - bytes.count), count: count)
  }
}
