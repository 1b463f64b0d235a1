package import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// What a model's classes are called, by number.
public struct Labels: Sendable, Equatable {
  /// The names; a detector's first is the background.
  public let names: [String]

  /// Creates labels from names.
  public init(_ names: [String]) {
    self.names = names
  }

  /// Reads a file with one name a line; the first is label 0.
  ///
  /// Spaces around a name and empty lines at the end are left out.
  ///
  /// - Throws: `notFound`, `notReadable`.
  public init(contentsOf url: URL) throws(VisionError) {
    try self.init(at: FilePath(url))
  }

  package init(at path: FilePath) throws(VisionError) {
    let bytes = try VisionError.reading { () throws(CheckpointError) in try path.contents() }
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

  /// The name of a label; its number where there is no name.
  public subscript(label: Int) -> String { names.indices.contains(label) ? names[label] : "\(label)" }
}
