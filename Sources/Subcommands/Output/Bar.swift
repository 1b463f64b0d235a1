package import Terminal

/// A bar of characters.
package enum Bar {
  private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  /// A bar that is so long a part of a width; the smallest that is not zero can be seen.
  package static func text(_ part: Double, width: Int, on screen: Screen) -> StyledText {
    guard part > 0, width > 0 else { return StyledText("") }
    let part = min(part, 1)
    guard screen.isUnicode else {
      return StyledText(String(repeating: "#", count: max(Int((part * Double(width)).rounded()), 1)), .bar)
    }
    let count = max(Int((part * Double(width * 8)).rounded()), 1)
    return StyledText(String(repeating: "█", count: count / 8) + eighths[count % 8], .bar)
  }
}
