/// Values as Python's `repr` writes them.
extension PythonText {
  /// A float: `0.1`, `1e-05`, `1e+16`, `inf`.
  ///
  /// Swift gives the same shortest digits, but goes over to an exponent at another place: Python does where the point
  /// would stand more than 16 digits to the right of the first, or 4 to the left.
  static func literal(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let parts = value.magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    let whole = String(mantissa[0])
    let fraction = mantissa.count > 1 ? String(mantissa[1]) : ""
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    // Where the point stands, counted from the first digit that is not zero.
    let point = whole.count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - leading
    var digits = String(all.dropFirst(leading))
    while digits.hasSuffix("0") { digits.removeLast() }
    let sign = value.sign == .minus ? "-" : ""
    guard !digits.isEmpty else { return sign + "0.0" }
    if point > 16 || point < -3 {
      let exponent = abs(point - 1)
      let rest = digits.count > 1 ? "." + digits.dropFirst() : ""
      return "\(sign)\(digits.prefix(1))\(rest)e\(point < 1 ? "-" : "+")\(exponent < 10 ? "0" : "")\(exponent)"
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if point >= digits.count { return sign + digits + String(repeating: "0", count: point - digits.count) + ".0" }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
  }

  /// Bytes: `b'by'`, `b"it's"`, `b'\\x00\\n'`.
  static func literal(bytes: [UInt8]) -> String {
    let quote = quote(hasApostrophe: bytes.contains(0x27), hasQuotationMark: bytes.contains(0x22))
    let shown = bytes.prefix(4096).map { escaped(Unicode.Scalar($0), quote, isPrintable: $0 < 0x7F) }.joined()
    return "b\(quote)\(shown)\(bytes.count > 4096 ? "…" : "")\(quote)"
  }

  /// A string, in UTF-8 that may have unpaired surrogates: `'a'`, `"it's"`, `'\\u200b'`.
  static func literal(text bytes: [UInt8]) -> String {
    let quote = quote(hasApostrophe: bytes.contains(0x27), hasQuotationMark: bytes.contains(0x22))
    var result = ""
    var rest = bytes[...]
    while let first = rest.first {
      if first == 0xED, let unit = halfPair(rest) {
        result += "\\u\(String(unit, radix: 16))"
        rest = rest.dropFirst(3)
        continue
      }
      let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      for scalar in String(decoding: rest.prefix(length), as: UTF8.self).unicodeScalars {
        result += escaped(scalar, quote, isPrintable: isPrintable(scalar))
      }
      rest = rest.dropFirst(length)
    }
    return "\(quote)\(result)\(quote)"
  }

  /// Python takes the apostrophe, unless only that is in the text.
  private static func quote(hasApostrophe: Bool, hasQuotationMark: Bool) -> Unicode.Scalar {
    hasApostrophe && !hasQuotationMark ? "\"" : "'"
  }

  private static func escaped(_ scalar: Unicode.Scalar, _ quote: Unicode.Scalar, isPrintable: Bool) -> String {
    switch scalar {
    case "\\", quote: return "\\\(scalar)"
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    case _ where isPrintable && scalar.value >= 0x20: return String(scalar)
    default:
      let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
      let digits = String(scalar.value, radix: 16)
      return "\\\(letter)" + String(repeating: "0", count: max(width - digits.count, 0)) + digits
    }
  }

  /// What `str.isprintable` says: neither of the categories "other" nor a separator, the space excepted.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }
}
