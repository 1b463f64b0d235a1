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
  /// - Parameter budget: how many values may be written, since a tuple may hold another twice, and that the next;
  ///   beyond it stands `…`.
  private func literal(_ id: ID, depth: Int, _ budget: inout Int) -> String {
    budget -= 1
    guard budget > 0, depth < 32 else { return "…" }
    switch self[id] {
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .bigInteger(let slice): return decimalText(bytes(slice))
    case .float(let value): return PythonText.literal(value)
    case .text(let slice): return PythonText.literal(text: bytes(slice))
    case .byteText(let slice): return PythonText.literal(text: Array(byteText(slice).utf8))
    case .bytes(let slice), .bytearray(let slice): return PythonText.literal(bytes: bytes(slice))
    case .tuple(let start, let count):
      var parts: [String] = []
      for item in items[start..<start + Int(count)] where budget > 0 {
        parts.append(literal(item, depth: depth + 1, &budget))
      }
      return parts.count == 1 ? "(\(parts[0]),)" : "(" + parts.joined(separator: ", ") + ")"
    case .global(let index): return "\(globals[index].module).\(globals[index].name)"
    case .object(let index):
      if let bytes = encodedBytes(objects[index]) { return PythonText.literal(bytes: bytes) }
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
