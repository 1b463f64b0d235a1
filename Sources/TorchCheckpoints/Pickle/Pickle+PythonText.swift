import StateDicts

/// Values as Python writes them, for names and listings.
extension Pickle {
  /// What Python's `str` gives for a key: `w`, `0`, `None`, `(1, 'a')`.
  func keyText(_ id: ID) -> String { text(at: id) ?? literal(id, depth: 0) }

  /// What Python's `repr` gives, for values that can be keys.
  private func literal(_ id: ID, depth: Int) -> String {
    switch self[id] {
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .bigInteger(let slice): return decimalText(bytes(slice))
    case .float(let value): return Self.literal(value)
    case .text(let slice): return "'\(text(slice))'"
    case .byteText(let slice): return "'\(byteText(slice))'"
    case .bytes(let slice), .bytearray(let slice):
      return "b'" + bytes(slice).prefix(64).map(Self.byteLiteral).joined() + "'"
    case .tuple(let start, let count):
      guard depth < 8 else { return "(…)" }
      let parts = items[start..<start + Int(count)].prefix(64).map { literal($0, depth: depth + 1) }
      return parts.count == 1 ? "(\(parts[0]),)" : "(" + parts.joined(separator: ", ") + ")"
    case .global(let index): return "\(globals[index].module).\(globals[index].name)"
    case .object(let index):
      if let bytes = encodedBytes(objects[index]) {
        return "b'" + bytes.prefix(64).map(Self.byteLiteral).joined() + "'"
      }
      return global(at: objects[index].callable).map { "\($0.module).\($0.name)()" } ?? "object"
    case .frozenset: return "frozenset"
    case .list, .set, .dict: return "container"
    case .persistent: return "storage"
    }
  }

  /// The bytes that protocol 2 writes as a call: `_codecs.encode(text, 'latin1')`, or `bytes()` for none.
  func encodedBytes(_ object: Object) -> [UInt8]? {
    let parts = Array(sequence(at: object.arguments) ?? [])
    switch global(at: object.callable)?.qualifiedName {
    case "__builtin__.bytes", "builtins.bytes": return parts.isEmpty ? [] : nil
    case "_codecs.encode":
      guard let text = parts.first.flatMap({ text(at: $0) }) else { return nil }
      let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
      return bytes.count == text.unicodeScalars.count ? bytes : nil
    default: return nil
    }
  }

  /// A float as `repr` has it: `1e-05`, `inf`.
  static func literal(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return value.description
  }

  private static func byteLiteral(_ byte: UInt8) -> String {
    if (0x20..<0x7F).contains(byte), byte != 0x27, byte != 0x5C { return String(Unicode.Scalar(byte)) }
    return "\\x" + byte.hexadecimal
  }

  /// A two's complement number in decimal; beyond a kilobyte, where that takes long, in hexadecimal.
  func decimalText(_ littleEndian: [UInt8]) -> String {
    let isNegative = (littleEndian.last ?? 0) & 0x80 != 0
    var magnitude = littleEndian
    if isNegative {
      var carry = 1
      for place in magnitude.indices {
        carry += Int(~magnitude[place])
        magnitude[place] = UInt8(truncatingIfNeeded: carry)
        carry >>= 8
      }
    }
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
