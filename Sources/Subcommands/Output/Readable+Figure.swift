#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension Readable {
  /// `0.01234`, `-1.5`, `3.142e-07`: four significant digits.
  package static func figure(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    let power = pow(10, 3 - floor(log10(value.magnitude)))
    let rounded = power.isFinite && power > 0 ? (value * power).rounded() / power : value
    let text = "\(rounded)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
