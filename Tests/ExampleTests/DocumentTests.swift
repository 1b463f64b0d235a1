import Foundation
import Testing

@Suite("The Swift in the documents is Swift that is compiled and tested")
struct DocumentTests {
  @Test("Every swift block of a document stands in a file of these tests", arguments: ["README.md", "docs/mlx.md"])
  func blocks(_ document: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
    let sources = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "swift" }
      .map { lines(try String(contentsOf: $0, encoding: .utf8)).joined(separator: "\n") }
    let blocks = swiftBlocks(try Repository.text(document))
    #expect(!blocks.isEmpty)
    for block in blocks {
      #expect(sources.contains { $0.contains(block) }, "\(document): no test compiles this:\n\(block)")
    }
  }

  /// The lines between a fence that says swift and the next, without their indents.
  private func swiftBlocks(_ text: String) -> [String] {
    text.components(separatedBy: "\n```swift\n").dropFirst().compactMap { part in
      part.components(separatedBy: "\n```").first.map { lines($0).joined(separator: "\n") }
    }
  }

  /// Lines that say something, without indents: how deep an example stands has no meaning.
  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}
