import StateDicts

@testable import TorchCheckpoints

/// The bytes of a text whose characters stand for one byte each: `K\u{7}.` is BININT1 7, STOP.
func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

/// The pickle that these bytes are, from their first to STOP.
func pickle(_ bytes: [UInt8], limits: CheckpointLimits = .init()) throws(CheckpointError) -> Pickle {
  try PickleMachine.run(ByteStore(copying: bytes), 0..<bytes.count, limits: limits)
}

extension Pickle {
  /// The value as Python's `repr` has it; what Python would have called is written as a call.
  var text: String { text(root) }

  func text(_ id: ID) -> String {
    switch self[id] {
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .bigInteger(let slice): return decimalText(bytes(slice))
    case .float(let value): return PythonText.literal(value)
    case .text(let slice): return quoted(text(slice))
    case .byteText(let slice): return quoted(byteText(slice))
    case .bytes(let slice): return "b" + quoted(bytes(slice))
    case .bytearray(let slice): return "bytearray(b\(quoted(bytes(slice))))"
    case .tuple: return tuple(id)
    case .list: return "[\(list(id))]"
    case .set: return sequence(at: id)?.isEmpty == true ? "set()" : "{\(list(id))}"
    case .frozenset: return sequence(at: id)?.isEmpty == true ? "frozenset()" : "frozenset({\(list(id))})"
    case .dict: return "{\(entries(flatEntries(at: id) ?? []))}"
    case .global(let number): return "<\(globals[number].qualifiedName)>"
    case .persistent(let number): return "persistent(\(text(persistentIDs[number])))"
    case .object(let number): return object(objects[number])
    }
  }

  private func list(_ id: ID) -> String { (sequence(at: id) ?? []).map(text).joined(separator: ", ") }

  private func tuple(_ id: ID) -> String { "(" + list(id) + (sequence(at: id)?.count == 1 ? ",)" : ")") }

  private func entries(_ flat: [ID]) -> String {
    stride(from: 0, to: flat.count, by: 2).map { "\(text(flat[$0])): \(text(flat[$0 + 1]))" }.joined(separator: ", ")
  }

  private func object(_ object: Object) -> String {
    var result = text(object.callable) + tuple(object.arguments)
    if let keywords = object.keywords { result = result.dropLast() + ", **\(text(keywords)))" }
    if let state = object.state { result += " state \(text(state))" }
    if object.items >= 0 { result += " items [\(sequences[object.items].map(text).joined(separator: ", "))]" }
    if object.entries >= 0 { result += " entries {\(entries(sequences[object.entries]))}" }
    return result
  }

  private func quoted(_ text: String) -> String {
    let quote = text.contains("'") && !text.contains("\"") ? "\"" : "'"
    let escapes: [Unicode.Scalar: String] = ["\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\"]
    return quote + text.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + quote
  }

  private func quoted(_ bytes: [UInt8]) -> String {
    let text = bytes.map { byte in
      if (0x20..<0x7F).contains(byte) { return String(Unicode.Scalar(byte)) }
      return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    return text.contains("'") ? "\"\(text)\"" : "'\(text)'"
  }
}
