import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The type whose values floating-point numbers are: the shortest text of a number depends on its neighbours.
enum Precision {
  case half, single, double

  /// From which magnitude on numpy writes an array with exponents; for a number by itself, 10^16 in place of 10^8.
  var scientificLimit: Double {
    switch self {
    case .half: 1e3
    case .single: 1e6
    case .double: 1e8
    }
  }

  /// The value of the type that is nearest to a number.
  func rounded(_ value: Double) -> Double {
    switch self {
    case .half: Double(Float(halfBits: Float(value).halfBits))
    case .single: Double(Float(value))
    case .double: value
    }
  }
}

/// A finite number in decimal: the shortest digits that no other value of its type has.
struct DecimalText {
  private let value: Double
  private let precision: Precision
  private let isNegative: Bool
  /// Without zeros at either end; empty for zero.
  private let digits: Substring
  /// The power of ten of the first digit.
  private let exponent: Int

  init(_ value: Double, _ precision: Precision) {
    self.value = value
    self.precision = precision
    let text = Self.shortest(value, precision)
    isNegative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: "e")
    let number = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let integer = number[0].drop { $0 == "0" }
    let fraction = number.count > 1 ? number[1] : ""
    let all = Substring(integer + fraction)
    let significant = all.drop { $0 == "0" }
    let last = significant.lastIndex { $0 != "0" }
    digits = last.map { significant[...$0] } ?? ""
    let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    exponent = digits.isEmpty ? 0 : power + integer.count - 1 - (all.count - significant.count)
  }

  private static func shortest(_ value: Double, _ precision: Precision) -> String {
    switch precision {
    case .double: return "\(value)"
    case .single: return "\(Float(value))"
    case .half:
      // `Float16` does not exist on Intel Macs, and its description has more digits than numpy's.
      return (0..<4).lazy.flatMap { count -> [String] in
        let near = printed(value, "%.\(count)e")
        // A power of two has more of the numbers above it than of those below: there, the other one may be its own.
        let step = Double("1e\((near.split(separator: "e").last.flatMap { Int($0) } ?? 0) - count)") ?? 0
        return [near, printed(value + (value < 0 ? -step : step) / 2, "%.\(count)e")]
      }.first { precision.rounded(Double($0) ?? 0) == value } ?? printed(value, "%.4e")
    }
  }

  /// The number that the shortest digits are.
  static func number(_ value: Double, _ precision: Precision) -> Double { Double(shortest(value, precision)) ?? value }

  /// `123.25`, `-0.1`, `2.`: integer and fraction, of which there are at most so many digits, zeros at the end left out.
  func positional(_ count: Int) -> (integer: String, fraction: String) {
    let sign = isNegative ? "-" : ""
    guard digits.count - 1 - exponent <= count else {
      let parts = Self.printed(value, "%.\(count)f").split(separator: ".")
      let fraction = parts.count > 1 ? parts[1] : ""
      return (String(parts[0]), fraction.lastIndex { $0 != "0" }.map { String(fraction[...$0]) } ?? "")
    }
    if digits.isEmpty { return (sign + "0", "") }
    if exponent < 0 { return (sign + "0", String(repeating: "0", count: -exponent - 1) + digits) }
    let zeros = String(repeating: "0", count: max(exponent + 1 - digits.count, 0))
    return (sign + digits.prefix(exponent + 1) + zeros, String(digits.dropFirst(exponent + 1)))
  }

  /// `-1.25e-07`: with at most so many digits after the point, zeros at the end left out.
  func scientific(_ count: Int) -> (integer: String, fraction: String, exponent: Int) {
    guard digits.count - 1 <= count else {
      let (integer, fraction, exponent) = fixedScientific(count)
      return (integer, fraction.lastIndex { $0 != "0" }.map { String(fraction[...$0]) } ?? "", exponent)
    }
    return ((isNegative ? "-" : "") + (digits.isEmpty ? "0" : digits.prefix(1)), String(digits.dropFirst()), exponent)
  }

  /// With so many digits after the point; what is beyond the shortest digits is the number's own.
  func fixedScientific(_ count: Int) -> (integer: String, fraction: String, exponent: Int) {
    if count == digits.count - 1 { return scientific(count) }
    let parts = Self.printed(value, "%.\(count)e").split(separator: "e")
    let number = parts[0].split(separator: ".")
    return (String(number[0]), number.count > 1 ? String(number[1]) : "", parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
  }

  /// The number by itself, as Python writes it: `0.1`, `1e-05`, `10000000000.0`.
  ///
  /// - Parameter fraction: What follows a whole number.
  func alone(fraction wholeFraction: String = ".0") -> String {
    let limit = precision == .double ? 1e16 : precision.scientificLimit
    if digits.isEmpty || value.magnitude >= 1e-4 && value.magnitude < limit {
      let (integer, fraction) = positional(.max)
      return integer + (fraction.isEmpty ? wholeFraction : "." + fraction)
    }
    let (integer, fraction, exponent) = scientific(.max)
    return integer + (fraction.isEmpty ? "" : "." + fraction) + Self.exponentText(exponent, 2)
  }

  static func exponentText(_ exponent: Int, _ count: Int) -> String {
    let digits = "\(exponent.magnitude)"
    return "e" + (exponent < 0 ? "-" : "+") + String(repeating: "0", count: max(count - digits.count, 0)) + digits
  }

  /// The number as C prints it, which rounds what is exactly between two texts to the even one, as numpy does.
  ///
  /// The corresponding C function is `vsnprintf`.
  private static func printed(_ value: Double, _ format: String) -> String {
    // The longest number has 309 digits before the point.
    var text = [CChar](repeating: 0, count: 512)
    let length = unsafe withVaList([value]) { unsafe vsnprintf(&text, text.count, format, $0) }
    return String(decoding: text.prefix(max(Int(length), 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
