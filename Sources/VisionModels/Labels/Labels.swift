package import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// The names of a model's classes.
public struct Labels: Sendable, Equatable {
  /// The names by class index; the first name of a detector is the background.
  public let names: [String]

  /// Creates labels from names.
  public init(_ names: [String]) {
    self.names = names
  }

  /// Reads a file with one name per line, beginning with class 0.
  ///
  /// Spaces around names and empty lines at the end are ignored.
  ///
  /// - Throws: `notFound`, `notReadable`.
  public init(contentsOf url: URL) throws(VisionError) {
    try self.init(at: FilePath(url))
  }

  package init(at path: FilePath) throws(VisionError) {
    let bytes: [UInt8]
    do { bytes = try path.contents() } catch { throw VisionError(reading: error) }
    guard let text = String(bytes: bytes, encoding: .utf8) else {
      throw VisionError(
        .notReadable, "The file is not UTF-8 text.", file: path.description, remedy: "write one name per line")
    }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map { line in
      String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
    while lines.last == "" { lines.removeLast() }
    self.init(lines)
  }

  /// The name of a class, or its index if there is no name.
  public subscript(label: Int) -> String { names.indices.contains(label) ? names[label] : "\(label)" }
}
