/// Elements in C order, as they are printed.
enum ShownElements {
  case bools([Bool])
  case integers([Int64])
  case unsigned([UInt64])
  case reals([Double], Precision)
  /// Real and imaginary parts in turn.
  case complex([Double], Precision)
}

extension ShownElements {
  /// The texts of the elements in an array, all of one width, as numpy has them.
  ///
  /// - Parameter precision: The most digits after the point.
  func words(precision: Int) -> [String] {
    switch self {
    case .bools(let values): values.map { $0 ? " True" : "False" }
    case .integers(let values): Self.rightAligned(values.map { "\($0)" })
    case .unsigned(let values): Self.rightAligned(values.map { "\($0)" })
    case .reals(let values, let type):
      values.map(FloatFormat(values, type, precision: precision, showsPlus: false).text)
    case .complex(let parts, let type):
      Self.complexWords(parts, type, precision: precision)
    }
  }

  private static func complexWords(_ parts: [Double], _ type: Precision, precision: Int) -> [String] {
    let real = stride(from: 0, to: parts.count, by: 2).map { parts[$0] }
    let imaginary = stride(from: 1, to: parts.count, by: 2).map { parts[$0] }
    let realFormat = FloatFormat(real, type, precision: precision, showsPlus: false)
    let imaginaryFormat = FloatFormat(imaginary, type, precision: precision, showsPlus: true)
    return zip(real, imaginary).map { real, imaginary in
      let text = imaginaryFormat.text(imaginary)
      let end = text.lastIndex { $0 != " " }.map { text.index(after: $0) } ?? text.endIndex
      return realFormat.text(real) + text[..<end] + "j" + text[end...]
    }
  }

  private static func rightAligned(_ texts: [String]) -> [String] {
    let width = texts.reduce(0) { max($0, $1.utf8.count) }
    return texts.map { String(repeating: " ", count: width - $0.utf8.count) + $0 }
  }

  /// The text of a single element: what is shown of a tensor without dimensions.
  var alone: String {
    switch self {
    case .bools(let values): return values.first == true ? "True" : "False"
    case .integers(let values): return "\(values.first ?? 0)"
    case .unsigned(let values): return "\(values.first ?? 0)"
    case .reals(let values, let type): return Self.alone(values.first ?? 0, type, fraction: ".0")
    case .complex(let parts, let type):
      guard parts.count == 2 else { return "" }
      var imaginary = Self.alone(parts[1], type, fraction: "")
      if parts[0] == 0, parts[0].sign == .plus { return imaginary + "j" }
      if !imaginary.hasPrefix("-") { imaginary = "+" + imaginary }
      return "(\(Self.alone(parts[0], type, fraction: ""))\(imaginary)j)"
    }
  }

  private static func alone(_ value: Double, _ type: Precision, fraction: String) -> String {
    value.isFinite ? DecimalText(value, type).alone(fraction: fraction) : FloatFormat.notFinite(value, showsPlus: false)
  }
}

/// How numpy writes the floating-point numbers of an array: all positional or all with exponents, and points below points.
///
/// Source: `FloatingFormat` in numpy 2.4's `numpy/_core/arrayprint.py`.
private struct FloatFormat {
  private let type: Precision
  private let showsPlus: Bool
  private var digits: Int
  private var isScientific = false
  private var left = 0
  private var right = 0
  private var exponentDigits = 0

  init(_ values: [Double], _ type: Precision, precision: Int, showsPlus: Bool) {
    self.type = type
    self.showsPlus = showsPlus
    digits = precision
    let finite = values.filter(\.isFinite)
    let magnitudes = finite.lazy.map(\.magnitude).filter { $0 != 0 }
    if let most = magnitudes.max(), let least = magnitudes.min() {
      // As numpy, in the type itself: the quotient of two halves is a half.
      isScientific =
        most >= type.scientificLimit || least < type.rounded(0.0001) || type.rounded(most / least) > 1000
    }
    if isScientific {
      let texts = finite.map { DecimalText($0, type).scientific(precision) }
      left = texts.map { signed($0.integer).utf8.count }.max() ?? 0
      digits = texts.map(\.fraction.utf8.count).max() ?? 0
      exponentDigits = texts.map { max("\($0.exponent.magnitude)".utf8.count, 2) }.max() ?? 2
      right = exponentDigits + 2 + digits
    } else {
      for value in finite {
        let text = DecimalText(value, type).positional(precision)
        (left, right) = (max(left, signed(text.integer).utf8.count), max(right, text.fraction.utf8.count))
      }
    }
    if finite.count < values.count {
      let sign = showsPlus || values.contains(-.infinity) ? 1 : 0
      left = max(left, 3 + sign - (right + 1), 3 - (right + 1))
    }
  }

  private func signed(_ integer: String) -> String { showsPlus && !integer.hasPrefix("-") ? "+" + integer : integer }

  static func notFinite(_ value: Double, showsPlus: Bool) -> String {
    (value < 0 ? "-" : showsPlus ? "+" : "") + (value.isNaN ? "nan" : "inf")
  }

  func text(_ value: Double) -> String {
    guard value.isFinite else {
      let text = Self.notFinite(value, showsPlus: showsPlus)
      return String(repeating: " ", count: max(left + right + 1 - text.utf8.count, 0)) + text
    }
    var tail: String
    let head: String
    if isScientific {
      let (integer, fraction, exponent) = DecimalText(value, type).fixedScientific(digits)
      head = signed(integer)
      tail = "." + fraction + DecimalText.exponentText(exponent, exponentDigits)
    } else {
      let (integer, fraction) = DecimalText(value, type).positional(digits)
      head = signed(integer)
      tail = "." + fraction + String(repeating: " ", count: right - fraction.utf8.count)
    }
    return String(repeating: " ", count: left - head.utf8.count) + head + tail
  }
}
