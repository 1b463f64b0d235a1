/// Sums and products of numbers that a file gives, which may be too large.
extension Int {
  /// Returns the sum; nil if it is beyond 2^63.
  package func plus(_ other: Int) -> Int? {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? nil : sum
  }

  /// Returns the product; nil if it is beyond 2^63.
  package func times(_ other: Int) -> Int? {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? nil : product
  }
}
