import StateDicts

/// Values as Python writes them, for names and listings.
extension Pickle {
  /// What Python's `str` gives for a key: `w`, `0`, `None`, `(1, 'a')`.
  func keyText(_ id: ID) -> String {
    if let text = text(at: id) { return text }
    var budget = 4096
    return literal(id, depth: 0, &budget)
  }

  /// What Python's `repr` gives, for values that can be keys.
  ///
  /// - Parameter budget: how many characters may be written, since a tuple may hold another twice, and that the next;
  ///   beyond it stands `…`.
  private func literal(_ id: ID, depth: Int, _ budget: inout Int) -> String {
    budget -= 1
    guard budget > 0, depth < 32 else { return "…" }
    let text: String
    switch self[id] {
    case .none: text = "None"
    case .bool(let value): text = value ? "True" : "False"
    case .integer(let value): text = String(value)
    case .bigInteger(let slice): text = decimalText(bytes(slice))
    case .float(let value): text = PythonText.literal(value)
    case .text(let slice): text = PythonText.literal(text: bytes(head(of: slice))) + rest(of: slice)
    case .byteText(let slice): text = PythonText.literal(text: Array(byteText(head(of: slice)).utf8)) + rest(of: slice)
    case .bytes(let slice), .bytearray(let slice): text = PythonText.literal(bytes: bytes(slice, atMost: 4097))
    case .tuple(let start, let count):
      var parts: [String] = []
      for item in items[start..<start + Int(count)] where budget > 0 {
        parts.append(literal(item, depth: depth + 1, &budget))
      }
      return parts.count == 1 ? "(\(parts[0]),)" : "(" + parts.joined(separator: ", ") + ")"
    case .global(let index): text = globals[index].qualifiedName.shortened
    case .object(let index): text = literal(objects[index])
    case .frozenset: text = "frozenset"
    case .list, .set, .dict: text = "container"
    case .persistent: text = "storage"
    }
    budget -= text.utf8.count
    return text
  }

  private func literal(_ object: Object) -> String {
    if let text = encodedText(object) {
      guard case .text(let slice) = self[text], slice.count > Self.textLimit else {
        return encodedBytes(object).map { PythonText.literal(bytes: $0) } ?? "object"
      }
      return "\(slice.count) encoded bytes"
    }
    if let bytes = encodedBytes(object) { return PythonText.literal(bytes: bytes) }
    return global(at: object.callable).map { $0.qualifiedName.shortened + "()" } ?? "object"
  }

  /// How much of a string is written where it is a part of a key.
  private static let textLimit = 1024

  private func head(of slice: Slice) -> Slice {
    guard slice.count > Self.textLimit else { return slice }
    // Up to the beginning of a character.
    var count = Self.textLimit
    let bytes = bytes(Slice(start: slice.start, count: UInt32(count + 1)))
    while count > 0, bytes[count] & 0xC0 == 0x80 { count -= 1 }
    return Slice(start: slice.start, count: UInt32(count))
  }

  private func rest(of slice: Slice) -> String { slice.count > Self.textLimit ? "…" : "" }

  /// The bytes that protocol 2 writes as a call: `_codecs.encode(text, 'latin1')`, or `bytes()` for none.
  func encodedBytes(_ object: Object) -> [UInt8]? {
    switch global(at: object.callable)?.qualifiedName {
    case "__builtin__.bytes", "builtins.bytes": return sequence(at: object.arguments)?.isEmpty == true ? [] : nil
    case "_codecs.encode":
      guard let text = encodedText(object).flatMap({ text(at: $0) }) else { return nil }
      let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
      return bytes.count == text.unicodeScalars.count ? bytes : nil
    default: return nil
    }
  }

  /// The string that a call of `_codecs.encode` is given.
  private func encodedText(_ object: Object) -> ID? {
    guard let global = global(at: object.callable), global.module == "_codecs", global.name == "encode" else {
      return nil
    }
    return sequence(at: object.arguments)?.first
  }

  /// A two's complement number in decimal; beyond a kilobyte, where that takes long, in hexadecimal.
  func decimalText(_ littleEndian: [UInt8]) -> String {
    let isNegative = (littleEndian.last ?? 0) & 0x80 != 0
    var magnitude = littleEndian
    if isNegative { magnitude.negate() }
    let sign = isNegative ? "-" : ""
    guard magnitude.count <= 1024 else {
      let digits = magnitude.suffix(32).reversed().map(\.hexadecimal)
      return "\(sign)0x\(digits.joined())… (\(magnitude.count) bytes)"
    }
    var digits: [UInt8] = []
    while magnitude.contains(where: { $0 != 0 }) {
      var remainder = 0
      for place in magnitude.indices.reversed() {
        let value = remainder << 8 | Int(magnitude[place])
        magnitude[place] = UInt8(value / 10)
        remainder = value % 10
      }
      digits.append(UInt8(ascii: "0") + UInt8(remainder))
    }
    return digits.isEmpty ? "0" : sign + String(decoding: digits.reversed(), as: UTF8.self)
  }
}
