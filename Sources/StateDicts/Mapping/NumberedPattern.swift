/// A pattern for the names of numbered tensors: `#` stands for a number, `*` for any characters as in `NamePattern`.
///
///     layers.*.experts.#.w1.weight     of each layer, the experts 0, 1, 2 …
///
/// A number has no leading zeros, and takes all digits at its place.
public struct NumberedPattern: Hashable, Sendable {
  /// The text of the pattern.
  public let text: String
  /// What stands before and after the `#`.
  private let before: NamePattern
  private let after: NamePattern
  /// What stands before the last star of `before`, and that star: where it first ends, a number may begin; nil without a star.
  private let lead: NamePattern?
  /// The literal text that a number follows, and the one that follows it.
  private let left: [UInt8]
  private let right: [UInt8]

  /// Creates a pattern.
  ///
  /// - Throws: `malformedMap` if there is not exactly one `#`, or a digit beside it.
  public init(_ text: String) throws(CheckpointError) {
    let sides = text.split(separator: "#", omittingEmptySubsequences: false)
    guard sides.count == 2 else {
      throw CheckpointError(.malformedMap, "The pattern \(text) needs exactly one #, for the number.")
    }
    guard !(sides[0].utf8.last?.isDigit ?? false), !(sides[1].utf8.first?.isDigit ?? false) else {
      throw CheckpointError(.malformedMap, "In the pattern \(text), a digit stands beside #.")
    }
    self.text = text
    before = NamePattern(String(sides[0]))
    after = NamePattern(String(sides[1]))
    let star = sides[0].utf8.lastIndex(of: UInt8(ascii: "*"))
    lead = star.map { NamePattern(String(sides[0][...$0])) }
    left = star.map { Array(sides[0].utf8[$0...].dropFirst()) } ?? Array(sides[0].utf8)
    right = Array(sides[1].utf8.prefix { $0 != UInt8(ascii: "*") })
  }

  /// The number of stars.
  public var starCount: Int { before.starCount + after.starCount }

  /// What the stars of the pattern match in a name, and the number; nil if the name does not match.
  ///
  /// - Complexity: As `NamePattern.captures(in:)`.
  public func captures(in name: String) -> (stars: [Substring], number: Int)? {
    let bytes = name.utf8
    var start = bytes.startIndex
    if let lead {
      guard let rest = lead.captures(in: name)?.last else { return nil }
      start = rest.startIndex
    }
    var position = start
    while let first = bytes[position...].firstIndex(where: \.isDigit) {
      let end = bytes[first...].firstIndex { !$0.isDigit } ?? bytes.endIndex
      position = end
      let (head, tail) = (bytes[start..<first], bytes[end...])
      let isPlaced =
        (lead == nil ? head.elementsEqual(left) : head.suffix(left.count).elementsEqual(left))
        && (after.starCount == 0 ? tail.elementsEqual(right) : tail.starts(with: right))
      guard isPlaced, bytes[first] != UInt8(ascii: "0") || bytes.index(after: first) == end,
        let number = Int(name[first..<end])
      else { continue }
      // Further on there is less for the other stars, not more.
      guard let last = after.captures(in: String(name[end...])) else { return nil }
      guard let leading = before.captures(in: String(name[..<first])) else { continue }
      return (leading + last, number)
    }
    return nil
  }

  /// The name that has these in place of the stars, and a number.
  func filled(with captures: [Substring], number: Int) -> String {
    before.filled(with: Array(captures.prefix(before.starCount))) + String(number)
      + after.filled(with: Array(captures.dropFirst(before.starCount)))
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}

extension NumberedPattern: CustomStringConvertible {
  /// The text of the pattern.
  public var description: String { text }
}
