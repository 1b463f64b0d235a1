import StateDicts

/// Telling a pickle by its first instructions, where nothing in front says that it is one.
///
/// Protocols 0 and 1 have no mark in front:
///
///     28 64 70 30 0a                            MARK, DICT, PUT 0             {…}, protocol 0
///     7d 71 00                                  EMPTY_DICT, BINPUT 0          {…}, protocol 1
///     63 70 6f 73 69 78 0a 73 79 … 0a 28        GLOBAL posix system, MARK     a call
extension PickleMachine {
  /// Whether bytes without a mark are a pickle: they begin with a container, a global or a literal, and the first four
  /// instructions are sound.
  ///
  /// A text may begin with one or two of them, like "(1)", but not with four.
  static func begins(_ store: ByteStore) -> Bool {
    guard let first = store.array(0..<min(store.count, 1)).first, "(}])cILFSV".utf8.contains(first) else {
      return false
    }
    return runs(store, instructionCount: 4)
  }

  /// Whether the first `instructionCount` instructions are sound, or all up to STOP.
  private static func runs(_ store: ByteStore, instructionCount: Int) -> Bool {
    var machine = PickleMachine(store: store, limits: .init())
    // No first instruction is longer; a text without line breaks is not searched to its end.
    guard (try? store.require(0..<min(store.count, 1 << 16))) != nil else { return false }
    var cursor = ByteCursor(store.bytes.extracting(first: min(store.count, 1 << 16)), held: machine.held)
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
