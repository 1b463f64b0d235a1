/// Text in pieces of different styles.
///
///     "conv1.weight" + StyledText(" NaN", .bad)
package struct StyledText: Sendable, Equatable {
  /// What a piece of text is, which decides about its colour.
  package enum Style: Sendable {
    case plain
    /// A name in front of its description.
    case strong
    /// Less important than the rest.
    case faint
    /// What a bar shows.
    case bar
    case good, warning, bad

    /// The numbers of ANSI's "select graphic rendition".
    fileprivate var code: String? {
      switch self {
      case .plain: nil
      case .strong: "1"
      case .faint: "2"
      case .bar: "36"
      case .good: "32"
      case .warning: "33"
      case .bad: "31"
      }
    }
  }

  private struct Piece: Sendable, Equatable {
    var text: String
    let style: Style
  }

  private var pieces: [Piece]

  /// Creates text of one style; it is escaped.
  package init(_ text: String, _ style: Style = .plain) {
    pieces = text.isEmpty ? [] : [Piece(text: text.escaped, style: style)]
  }

  package static func + (left: StyledText, right: StyledText) -> StyledText {
    var text = left
    text += right
    return text
  }

  package static func += (left: inout StyledText, right: StyledText) {
    for piece in right.pieces { left.append(piece.text, piece.style) }
  }

  /// Appends spaces.
  package mutating func pad(_ count: Int) {
    if count > 0 { append(String(repeating: " ", count: count), .plain) }
  }

  /// Pieces of one style become one.
  private mutating func append(_ text: String, _ style: Style) {
    if let last = pieces.indices.last, pieces[last].style == style {
      pieces[last].text += text
    } else {
      pieces.append(Piece(text: text, style: style))
    }
  }

  /// The number of characters.
  package var count: Int {
    pieces.reduce(0) { $0 + ($1.text.utf8.allSatisfy { $0 < 0x80 } ? $1.text.utf8.count : $1.text.count) }
  }

  /// The text without styles.
  package var text: String { pieces.map(\.text).joined() }

  /// The text without spaces at its end.
  package var trimmed: StyledText {
    var text = self
    while let last = text.pieces.last, last.text.utf8.last.map({ $0 == UInt8(ascii: " ") }) ?? true {
      let rest = last.text.lastIndex { $0 != " " }.map { String(last.text[...$0]) } ?? ""
      if !rest.isEmpty {
        text.pieces[text.pieces.count - 1].text = rest
        break
      }
      text.pieces.removeLast()
    }
    return text
  }

  /// The text without its middle, of at most so many characters.
  package func shortened(to limit: Int) -> StyledText {
    guard count > limit, let style = pieces.first?.style else { return self }
    let text = text
    guard limit > 1 else { return StyledText(String(text.prefix(max(limit, 0))), style) }
    // The end of a name says more than its beginning.
    let end = (limit - 1) * 2 / 3
    return StyledText(text.prefix(limit - 1 - end) + "…" + text.suffix(end), style)
  }

  /// The text as a screen gets it.
  func rendered(on screen: Screen) -> String {
    pieces.map { piece in
      let text = screen.shown(piece.text)
      guard screen.isColored, let code = piece.style.code else { return text }
      return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }.joined()
  }
}

extension StyledText: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}
