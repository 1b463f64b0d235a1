/// Numbers as people read them.
package enum Readable {
  /// `167.5 MB`; powers of ten, as disks and downloads have them.
  package static func bytes(_ count: Int) -> String {
    if count < 1000 { return "\(count) B" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB", "TB", "PB", "EB"] {
      value /= 1000
      if value < 999.95 { return "\(tenths(value)) \(unit)" }
    }
    return "\(count) B"
  }

  /// `41,755,286`.
  package static func count(_ number: Int) -> String {
    var digits = String(number)
    var place = digits.count - 3
    while place > (number < 0 ? 1 : 0) {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return digits
  }

  /// `1 tensor`, `348 tensors`.
  package static func count(_ number: Int, of noun: String) -> String {
    "\(count(number)) \(noun)\(number == 1 ? "" : "s")"
  }

  /// `[64, 3, 7, 7]`, as an array describes itself, but not item by item through the runtime.
  package static func shape(_ sizes: [Int]) -> String { "[" + sizes.map(String.init).joined(separator: ", ") + "]" }

  /// A number with one digit after the point: a size, a coordinate, milliseconds.
  package static func tenths(_ value: some BinaryFloatingPoint) -> String {
    "\((Double(value) * 10).rounded() / 10)"
  }

  /// A time: `4 s`, `2 min 5 s`, `3 h 20 min`.
  package static func seconds(_ time: Double) -> String {
    let seconds = Int(min(max(time, 0), 1e9).rounded(.up))
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
    return "\(count(seconds / 3600)) h \(seconds / 60 % 60) min"
  }

  /// A probability with three digits after the point.
  package static func thousandths(_ value: Float) -> String {
    let digits = String(Int((Double(value) * 1000).rounded()))
    return digits.count > 3 ? "1.000" : "0." + String(repeating: "0", count: 3 - digits.count) + digits
  }
}
