import StateDicts

/// Numbers that come as bytes of any count: LONG1 and LONG4.
extension PickleMachine {
  /// Integers of up to 64 bits as numbers, however many bytes they came in; longer ones stay as the bytes they are.
  mutating func pushLong(_ range: Range<Int>) throws(CheckpointError) {
    if let number = Self.number(store.array(range)) {
      try push(.integer(number))
    } else {
      try push(.bigInteger(slice(range)))
    }
  }

  /// A little-endian number in two's complement, if 64 bits hold it: all bytes beyond eight then repeat the sign.
  private static func number(_ bytes: [UInt8]) -> Int? {
    let sign: UInt8 = (bytes.last ?? 0) & 0x80 == 0 ? 0 : 0xFF
    var value: UInt64 = sign == 0 ? 0 : .max
    for byte in bytes.prefix(8).reversed() { value = value << 8 | UInt64(byte) }
    let number = Int(Int64(bitPattern: value))
    guard bytes.count > 8 else { return number }
    return bytes.dropFirst(8).allSatisfy { $0 == sign } && (number < 0) == (sign != 0) ? number : nil
  }
}
