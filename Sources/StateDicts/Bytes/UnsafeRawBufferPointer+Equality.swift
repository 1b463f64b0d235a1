#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension UnsafeRawBufferPointer {
  /// Whether two buffers have the same bytes.
  ///
  /// The corresponding C function is `memcmp`.
  func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count, let a = baseAddress, let b = other.baseAddress else { return count == other.count }
    return unsafe memcmp(a, b, count) == 0
  }
}
