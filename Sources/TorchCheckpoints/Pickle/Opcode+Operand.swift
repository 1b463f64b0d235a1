import StateDicts

/// What follows an instruction in the file.
extension Opcode {
  /// Passes over the instruction's operand.
  ///
  /// - Throws: `malformedPickle` if it is incomplete.
  func skipOperand(_ cursor: inout ByteCursor) throws(CheckpointError) {
    switch self {
    case .binint1, .binget, .binput, .proto, .ext1: _ = try cursor.take(1)
    case .binint2, .ext2: _ = try cursor.take(2)
    case .binint, .longBinget, .longBinput, .ext4: _ = try cursor.take(4)
    case .binfloat, .frame: _ = try cursor.take(8)
    case .int, .long, .float, .string, .unicode, .get, .put, .persid: _ = try cursor.line()
    case .global, .inst:
      _ = try cursor.line()
      _ = try cursor.line()
    case .long1, .shortBinstring, .shortBinunicode, .shortBinbytes:
      _ = try cursor.take(Int(cursor.read(UInt8.self)))
    case .long4, .binstring: _ = try cursor.take(Int(cursor.read(Int32.self)))
    case .binunicode, .binbytes: _ = try cursor.take(Int(cursor.read(UInt32.self)))
    case .binunicode8, .binbytes8, .bytearray8: _ = try cursor.take(Int(clamping: cursor.read(UInt64.self)))
    default: break
    }
  }

  /// Whether the instruction puts its operand, or what the memo has under it, on the stack and does nothing else.
  var pushesOperand: Bool {
    switch self {
    case .int, .binint, .binint1, .binint2, .long, .long1, .long4, .float, .binfloat, .string, .binstring,
      .shortBinstring, .unicode, .binunicode, .shortBinunicode, .binunicode8, .binbytes, .shortBinbytes, .binbytes8,
      .bytearray8, .nextBuffer, .get, .binget, .longBinget:
      true
    default: false
    }
  }
}
