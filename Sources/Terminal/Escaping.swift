extension String {
  /// The text on one line, with nothing in it that a terminal would act on.
  ///
  /// Control characters (C0, DEL, C1, line and paragraph separators) and those that change the direction of writing are
  /// shown as Python's `repr` shows them: `\n`, `\x1b`, `\u202e`. A text that is escaped already stays as it is.
  package var escaped: String {
    escaping { scalar in
      switch scalar {
      case "\n": "\\n"
      case "\r": "\\r"
      case "\t": "\\t"
      case ..<"\u{A0}": "\\x" + scalar.hexadecimal(2)
      default: "\\u" + scalar.hexadecimal(4)
      }
    }
  }

  /// JSON text with control characters replaced by JSON escapes; they occur only in strings.
  var escapedJSON: String {
    escaping { scalar in scalar == "\n" ? "\n" : "\\u" + scalar.hexadecimal(4) }
  }

  private func escaping(_ escape: (Unicode.Scalar) -> String) -> String {
    var text = self
    let lineFeed: UInt8 = escape("\n") == "\n" ? 0x0A : 0x20
    if text.withUTF8({ unsafe $0.isPrintable(or: lineFeed) }) { return self }
    // An array of bytes grows by doubling. A string does not where another is appended: with a million lines to escape,
    // each would copy all those before it.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(utf8.count)
    for scalar in unicodeScalars {
      if scalar.isControl { bytes += escape(scalar).utf8 } else { bytes += scalar.utf8 }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x206F: true
    default: false
    }
  }

  fileprivate func hexadecimal(_ count: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(count - digits.count, 0)) + digits
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether all bytes are ASCII characters that can be seen, spaces or one other.
  fileprivate func isPrintable(or other: UInt8) -> Bool {
    // Counted without leaving early: so the compiler compares many bytes at once.
    var others = 0
    for place in 0..<count {
      let byte = unsafe self[place]
      if byte &- 0x20 > 0x5E, byte != other { others &+= 1 }
    }
    return others == 0
  }
}
