import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a terminal can show.
package struct Screen: Sendable {
  /// When output is coloured.
  package enum Coloring: String, CaseIterable, Sendable {
    case auto, always, never
  }

  /// The width in characters; nil for a file or pipe, whose lines have no limit.
  package var columns: Int?
  /// The height in lines; nil for a file or pipe.
  package var rows: Int?
  /// Whether text has colours.
  package var isColored: Bool
  /// Whether characters outside ASCII are shown as they are.
  package var isUnicode: Bool

  package init(columns: Int? = nil, rows: Int? = nil, isColored: Bool = false, isUnicode: Bool = true) {
    (self.columns, self.rows, self.isColored, self.isUnicode) = (columns, rows, isColored, isUnicode)
  }

  /// The screen of a stream of the program.
  ///
  /// The corresponding C functions are `isatty` and `ioctl`.
  init(of descriptor: CInt, _ coloring: Coloring) {
    let isTerminal = isatty(descriptor) == 1
    isUnicode = Self.isUnicodeLocale
    if isTerminal {
      var size = winsize()
      let isKnown = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
      columns = max(isKnown && size.ws_col > 0 ? Int(size.ws_col) : Self.number("COLUMNS") ?? 80, 20)
      rows = max(isKnown && size.ws_row > 0 ? Int(size.ws_row) : Self.number("LINES") ?? 24, 10)
    } else {
      (columns, rows) = (nil, nil)
    }
    switch coloring {
    case .always: isColored = true
    case .never: isColored = false
    // https://no-color.org
    case .auto: isColored = isTerminal && Self.variable("NO_COLOR") == nil && Self.variable("TERM") != "dumb"
    }
  }

  /// Whether the locale's characters are UTF-8, by the variables that set it.
  private static var isUnicodeLocale: Bool {
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { variable($0) }.first ?? ""
    #if canImport(Darwin)
      if name.isEmpty { return true }
    #endif
    let lowered = name.lowercased()
    return lowered.contains("utf-8") || lowered.contains("utf8")
  }

  /// An environment variable that is set to something.
  private static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }

  private static func number(_ name: String) -> Int? {
    variable(name).flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }
}

extension Screen {
  /// The text with our own characters outside ASCII replaced, unless the screen shows them.
  package func shown(_ text: String) -> String {
    if isUnicode || text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      if let other = Self.replacements[scalar] { shown += other } else { shown.unicodeScalars.append(scalar) }
    }
    return shown
  }

  private static let replacements: [Unicode.Scalar: String] = [
    "×": "x", "…": "...", "├": "|", "└": "`", "│": "|", "─": "-", "█": "#", "·": "-",
  ]
}
