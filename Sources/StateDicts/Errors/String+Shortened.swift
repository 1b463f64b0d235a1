extension String {
  /// The text itself, or its beginning and end with the number of bytes between them.
  ///
  /// Names come from files and can have megabytes: whatever quotes one shortens it here.
  ///
  /// - Parameter limit: The largest length in bytes; what is left out is more than the note of it.
  package func shortened(to limit: Int) -> String {
    let count = utf8.count
    guard count > limit + 64 else { return self }
    let start = utf8.index(startIndex, offsetBy: limit / 3 * 2)
    let end = utf8.index(endIndex, offsetBy: -limit / 3)
    let (head, tail) = (self[..<start], self[end...])
    return "\(head)… (\(count - head.utf8.count - tail.utf8.count) bytes) …\(tail)"
  }

  /// A name as a message quotes it.
  package var shortened: String { shortened(to: 300) }
}
