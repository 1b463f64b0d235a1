/// What Hugging Face calls the bytes of a file: a SHA-256 of large files, the SHA-1 of a git blob of others; the name in the cache.
struct FileTag: Sendable, Equatable {
  let text: String

  /// The name in an ETag: `"abc"`, `W/"abc"`; nil for one that cannot be a file's name.
  init?(_ field: String) {
    var name = field[...]
    if name.hasPrefix("W/") { name = name.dropFirst(2) }
    if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") { name = name.dropFirst().dropLast() }
    guard name.hasNameCharacters, !name.isEmpty, !name.hasPrefix("."), name.utf8.count <= 200 else { return nil }
    text = String(name)
  }

  /// The SHA-256 of the bytes, if the tag is one.
  var sha256: String? { text.utf8.count == 64 && text.isHexadecimal ? text : nil }
}
