/// Reads JSON from bytes in order, so that objects keep their order and duplicate names are noticed.
///
///     {"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}
///     ^ beginObject   ^ nextName = "w", beginObject …
///
/// Foundation's decoder gives dictionaries, which lose both; a safetensors header needs both. Source: RFC 8259.
struct JSONScanner: ~Escapable {
  private let bytes: RawSpan
  private(set) var position: Int
  /// How many values, with the names in them, may still be made: an empty array has two characters, and takes 32 bytes or more.
  private var countLeft = Self.countLimit
  fileprivate static let countLimit = 2 << 20
  /// The most items of an array of whole numbers, which are sizes or offsets of a tensor.
  private static let naturalsLimit = 1024

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) {
    self.bytes = bytes
    position = 0
  }

  /// Whether nothing but space is left.
  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return position == bytes.byteCount
    }
  }

  // MARK: - Objects and arrays, a piece at a time

  mutating func beginObject() throws(CheckpointError) { try expect(UInt8(ascii: "{")) }

  /// The next member's name, its colon passed over; nil at the object's end, which is passed over too.
  mutating func nextName(isFirst: Bool) throws(CheckpointError) -> String? {
    guard try advance(to: UInt8(ascii: "}"), isFirst: isFirst) else { return nil }
    let name = try string()
    try expect(UInt8(ascii: ":"))
    return name
  }

  mutating func beginArray() throws(CheckpointError) { try expect(UInt8(ascii: "[")) }

  /// Whether another item follows; at the array's end, which is passed over, none does.
  mutating func nextItem(isFirst: Bool) throws(CheckpointError) -> Bool {
    try advance(to: UInt8(ascii: "]"), isFirst: isFirst)
  }

  private mutating func advance(to end: UInt8, isFirst: Bool) throws(CheckpointError) -> Bool {
    if peek() == end {
      position += 1
      return false
    }
    if !isFirst { try expect(UInt8(ascii: ",")) }
    return true
  }

  // MARK: - Values

  /// An array of whole numbers, none negative.
  mutating func naturals() throws(CheckpointError) -> [Int] {
    var values: [Int] = []
    try beginArray()
    while try nextItem(isFirst: values.isEmpty) {
      guard case .integer(let value) = try number(), value >= 0 else {
        throw malformed("Expected a non-negative integer.")
      }
      guard values.count < Self.naturalsLimit else {
        throw malformed("An array of sizes or offsets has more than \(Self.naturalsLimit) numbers.")
      }
      values.append(value)
    }
    return values
  }

  mutating func string() throws(CheckpointError) -> String {
    try expect(UInt8(ascii: "\""))
    let start = position
    while position < bytes.byteCount {
      let byte = self[position]
      if byte == UInt8(ascii: "\"") {
        let text = try decode(start..<position)
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      guard byte >= 0x20 else { break }
      position += 1
    }
    throw malformed("Unterminated string.")
  }

  /// A string with escapes, of which none is shorter than what it stands for.
  private mutating func escapedString(from start: Int) throws(CheckpointError) -> String {
    var end = position
    while end < bytes.byteCount, self[end] != UInt8(ascii: "\"") { end += self[end] == UInt8(ascii: "\\") ? 2 : 1 }
    var failure: CheckpointError?
    position = start
    let text = unsafe String(unsafeUninitializedCapacity: min(end, bytes.byteCount) - start) { buffer in
      var count = 0
      do throws(CheckpointError) { try unsafe unescape(into: buffer, &count) } catch { failure = error }
      return count
    }
    if let failure { throw failure }
    return text
  }

  /// How much of a string is checked at a time.
  private static let runByteCount = 64 << 10

  private mutating func unescape(
    into buffer: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
  ) throws(CheckpointError) {
    func append(_ text: some Sequence<UInt8>) {
      for byte in text {
        unsafe buffer[count] = byte
        count += 1
      }
    }
    while position < bytes.byteCount {
      switch self[position] {
      case UInt8(ascii: "\""):
        position += 1
        return
      case UInt8(ascii: "\\"):
        position += 1
        var unit = try escape()
        // Two escapes are one character beyond the first 65,536; a half of one is none.
        var character = String(decoding: [unit], as: UTF16.self)
        if UTF16.isLeadSurrogate(unit), position + 1 < bytes.byteCount, self[position] == UInt8(ascii: "\\"),
          self[position + 1] == UInt8(ascii: "u")
        {
          let lead = unit
          let place = position
          position += 1
          unit = try escape()
          if UTF16.isTrailSurrogate(unit) {
            character = String(decoding: [lead, unit], as: UTF16.self)
          } else {
            position = place
          }
        }
        append(character.utf8)
      case 0..<0x20: throw malformed("Control character in a string.")
      default:
        let run = position
        let limit = min(position + Self.runByteCount, bytes.byteCount)
        while position < limit, self[position] != UInt8(ascii: "\""), self[position] != UInt8(ascii: "\\"),
          self[position] >= 0x20
        {
          position += 1
        }
        // Not within a character, which has four bytes at most.
        let least = max(position - 3, run + 1)
        while position < bytes.byteCount, position > least, self[position] & 0xC0 == 0x80 { position -= 1 }
        try append(decode(run..<position).utf8)
      }
    }
    throw malformed("Unterminated string.")
  }

  private mutating func escape() throws(CheckpointError) -> UInt16 {
    guard position < bytes.byteCount else { throw malformed("Unterminated string.") }
    defer { position += 1 }
    switch self[position] {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(self[position])
    case UInt8(ascii: "u"):
      guard position + 4 < bytes.byteCount,
        let value = try UInt16(digits: decode(position + 1..<position + 5).utf8, radix: 16)
      else { throw malformed("An escape needs four hexadecimal digits.") }
      position += 4
      return value
    default: throw malformed("Invalid escape in a string.")
    }
  }

  /// An integer where it is written as one and fits, else a floating-point number.
  private mutating func number() throws(CheckpointError) -> JSONValue {
    skipSpace()
    let start = position
    while position < bytes.byteCount, Self.isNumberByte(self[position]) { position += 1 }
    let text = try decode(start..<position)
    guard Self.isNumber(text.utf8[...]),
      let value = Int(text).map(JSONValue.integer) ?? Double(text).map(JSONValue.number)
    else {
      position = start
      throw malformed("Invalid JSON value.")
    }
    if case .number(let number) = value, !number.isFinite {
      position = start
      throw malformed("The number \(text.prefix(40)) is too large for a 64-bit float.")
    }
    return value
  }

  /// Whether a text is a number as JSON has it: no sign but a minus, no zero before other digits, digits on both sides
  /// of a point.
  private static func isNumber(_ text: Substring.UTF8View) -> Bool {
    var rest = text
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    /// Passes over digits, and says how many.
    func digits() -> Int {
      let count = rest.prefix(while: isDigit).count
      rest = rest.dropFirst(count)
      return count
    }
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    let startsWithZero = rest.first == UInt8(ascii: "0")
    let count = digits()
    guard count == 1 || (count > 1 && !startsWithZero) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard digits() > 0 else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }

  private static func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// How deep values may be nested.
  static let depthLimit = 256

  /// Any value.
  ///
  /// - Throws: `malformedHeader`, also for values nested more than `depthLimit` deep.
  mutating func value(depth: Int = 0) throws(CheckpointError) -> JSONValue {
    guard depth < Self.depthLimit else { throw malformed("JSON is nested more than \(Self.depthLimit) deep.") }
    try count()
    switch peek() {
    case UInt8(ascii: "{"):
      var members: JSONObject = [:]
      try beginObject()
      while let name = try nextName(isFirst: members.isEmpty) {
        try count()
        try members.append(name, value(depth: depth + 1))
      }
      return .object(members)
    case UInt8(ascii: "["):
      var items: [JSONValue] = []
      try beginArray()
      while try nextItem(isFirst: items.isEmpty) { try items.append(value(depth: depth + 1)) }
      return .array(items)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func count() throws(CheckpointError) {
    countLeft -= 1
    guard countLeft >= 0 else {
      throw CheckpointError(
        .limitExceeded, "The JSON has more than \(Self.countLimit) values and names.", offset: position)
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(CheckpointError) -> JSONValue {
    for byte in word.utf8 {
      guard position < bytes.byteCount, self[position] == byte else {
        throw malformed("Invalid JSON value.")
      }
      position += 1
    }
    return value
  }

  // MARK: - Bytes

  private subscript(place: Int) -> UInt8 { bytes.unsafeLoadByte(place) }

  private mutating func skipSpace() {
    while position < bytes.byteCount {
      switch self[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func peek() -> UInt8? {
    skipSpace()
    return position < bytes.byteCount ? self[position] : nil
  }

  private mutating func expect(_ byte: UInt8) throws(CheckpointError) {
    guard peek() == byte else {
      throw malformed("\"\(Character(Unicode.Scalar(byte)))\" is missing.")
    }
    position += 1
  }

  private func decode(_ range: Range<Int>) throws(CheckpointError) -> String {
    let part = bytes.extracting(range)
    let text = unsafe part.withUnsafeBytes { bytes in unsafe String(decoding: bytes, as: UTF8.self) }
    // Decoding repairs what is not UTF-8, and what was repaired is not the same bytes.
    let isSame = unsafe part.withUnsafeBytes { bytes in unsafe text.utf8.elementsEqual(bytes) }
    guard isSame else { throw malformed("A string is not UTF-8.") }
    return text
  }

  @inline(never)
  func malformed(_ message: String) -> CheckpointError {
    CheckpointError.malformedHeader(message, offset: position)
  }
}

extension RawSpan {
  /// The byte at an offset that the caller has checked.
  @inline(__always)
  fileprivate func unsafeLoadByte(_ place: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: place, as: UInt8.self)
  }
}

extension JSONValue {
  /// Whether its text would be read: it is no deeper than that, and has no more values and names.
  var isWithinLimits: Bool {
    var countLeft = JSONScanner.countLimit
    return take(from: &countLeft, depth: 0)
  }

  private func take(from countLeft: inout Int, depth: Int) -> Bool {
    countLeft -= 1
    guard countLeft >= 0, depth < JSONScanner.depthLimit else { return false }
    switch self {
    case .array(let items): return items.allSatisfy { $0.take(from: &countLeft, depth: depth + 1) }
    case .object(let members):
      return members.allSatisfy { member in
        countLeft -= 1
        return member.value.take(from: &countLeft, depth: depth + 1)
      }
    default: return true
    }
  }
}
