/// A pattern for parameter names, in which `*` matches any characters, including dots.
///
///     backbone.body.layer1.*      all of layer1
///     *.bias                      every bias
///
/// If a pattern has several stars, each except the last matches as little as possible.
public struct NamePattern: Hashable, Sendable {
  /// The text of the pattern.
  public let text: String
  /// What stands between the stars; one piece more than there are stars.
  private let pieces: [[UInt8]]

  /// Creates a pattern.
  public init(_ text: String) {
    self.text = text
    pieces = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
  }

  /// The number of stars.
  public var starCount: Int { pieces.count - 1 }

  /// Whether the pattern matches a name.
  public func matches(_ name: String) -> Bool { captures(in: name) != nil }

  /// The parts of a name that the stars match; nil if the name does not match.
  ///
  /// - Complexity: O(length of the name), times that of a piece between two stars.
  public func captures(in name: String) -> [Substring]? {
    let bytes = name.utf8
    guard let first = pieces.first, let last = pieces.last, bytes.starts(with: first) else { return nil }
    if pieces.count == 1 { return bytes.count == first.count ? [] : nil }
    guard bytes.count >= first.count + last.count, bytes.suffix(last.count).elementsEqual(last) else { return nil }
    var captures: [Substring] = []
    var start = bytes.index(bytes.startIndex, offsetBy: first.count)
    let end = bytes.index(bytes.endIndex, offsetBy: -last.count)
    for piece in pieces.dropFirst().dropLast() {
      guard let found = bytes[start..<end].firstRange(ofBytes: piece) else { return nil }
      captures.append(name[start..<found.lowerBound])
      start = found.upperBound
    }
    captures.append(name[start..<end])
    return captures
  }

  /// The name that has these in place of the stars.
  package func filled(with captures: [Substring]) -> String {
    var name = ""
    for (place, piece) in pieces.enumerated() {
      name += String(decoding: piece, as: UTF8.self)
      if place < captures.count { name += captures[place] }
    }
    return name
  }
}

extension Substring.UTF8View {
  /// Where the bytes first stand.
  fileprivate func firstRange(ofBytes wanted: [UInt8]) -> Range<Index>? {
    var start = startIndex
    var steps = 0
    defer { Work.add(steps) }
    while start < endIndex {
      steps += 1
      if self[start...].starts(with: wanted) { return start..<index(start, offsetBy: wanted.count) }
      start = index(after: start)
    }
    return wanted.isEmpty ? endIndex..<endIndex : nil
  }
}

extension NamePattern: CustomStringConvertible, ExpressibleByStringLiteral, Codable {
  /// The text of the pattern.
  public var description: String { text }

  /// Creates a pattern from a literal.
  public init(stringLiteral text: String) {
    self.init(text)
  }

  /// Reads a pattern: a string.
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  /// Writes the pattern: a string.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
