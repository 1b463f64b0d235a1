extension [UInt8] {
  /// Changes the sign of a number in two's complement, its lowest byte first.
  mutating func negate() {
    var carry = 1
    for place in indices {
      carry += Int(~self[place])
      self[place] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
  }
}
