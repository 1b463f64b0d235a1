import StateDicts

/// Numbers that come as bytes of any count: LONG1 and LONG4.
extension PickleMachine {
  /// Integers of up to 64 bits as numbers, however many bytes they came in; longer ones stay as the bytes they are.
  mutating func pushLong(_ range: Range<Int>) throws(CheckpointError) {
    let number = unsafe store.withUnsafeBytes { bytes in unsafe Self.number(bytes, range) }
    if let number { try push(.integer(number)) } else { try push(.bigInteger(slice(range))) }
  }

  /// A little-endian number in two's complement, if 64 bits hold it: all bytes beyond eight then repeat the sign.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    guard let last = range.last else { return 0 }
    let sign: UInt8 = unsafe bytes[last] & 0x80 == 0 ? 0 : 0xFF
    var value: UInt64 = sign == 0 ? 0 : .max
    for place in range.prefix(8).reversed() { value = unsafe value << 8 | UInt64(bytes[place]) }
    let number = Int(Int64(bitPattern: value))
    guard range.count > 8 else { return number }
    let isRepeated = unsafe bytes[range.dropFirst(8)].allSatisfy { $0 == sign }
    return isRepeated && (number < 0) == (sign != 0) ? number : nil
  }
}
