extension FixedWidthInteger {
  /// Reads a number written in digits only: no sign, no space. (Swift's own parser takes a sign for the first digit.)
  ///
  /// - Returns: nil if there are no digits or something else, or if the type does not hold the number.
  @inlinable
  package init?(digits: some Sequence<UInt8>, radix: Int = 10) {
    var value: Self = 0
    var isEmpty = true
    for byte in digits {
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46, 0x61...0x66: digit = byte & 0x0F + 9
      default: return nil
      }
      guard digit < radix, let base = Self(exactly: radix), let addend = Self(exactly: digit) else { return nil }
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: base)
      let (sum, isBeyond) = product.addingReportingOverflow(addend)
      guard !isTooLarge, !isBeyond else { return nil }
      value = sum
      isEmpty = false
    }
    guard !isEmpty else { return nil }
    self = value
  }
}
