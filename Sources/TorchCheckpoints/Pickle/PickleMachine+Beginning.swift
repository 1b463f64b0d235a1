import StateDicts

/// Telling a pickle by its first instructions, where nothing in front says that it is one.
extension PickleMachine {
  /// Whether the first `instructionCount` instructions are sound, or all up to STOP.
  static func runs(_ store: ByteStore, instructionCount: Int) -> Bool {
    var machine = PickleMachine(store: store, limits: .init())
    // No first instruction is longer; a text without line breaks is not searched to its end.
    var cursor = ByteCursor(store.bytes.extracting(first: min(store.count, 1 << 16)))
    do {
      for _ in 0..<instructionCount {
        guard let opcode = try Opcode(rawValue: cursor.read(UInt8.self)) else { return false }
        if opcode == .stop { return machine.stack.count == 1 }
        try machine.step(opcode, &cursor)
      }
      return machine.globals.allSatisfy { $0.module.isDottedName && $0.name.isDottedName }
    } catch {
      return false
    }
  }
}

extension String {
  /// Whether the text has the form of Python names joined by dots; a space or carriage return may follow.
  fileprivate var isDottedName: Bool {
    let name = unicodeScalars.reversed().drop { $0 == " " || $0 == "\r" }
    return !name.isEmpty && name.allSatisfy { $0 == "." || $0.properties.isXIDContinue }
  }
}
