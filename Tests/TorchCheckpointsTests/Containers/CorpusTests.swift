import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// Real files that other people's programs wrote, where a checkout has them beside it; they are no part of the project.
private enum Corpus {
  static let folder = ExpectedRow.fixtures.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared/corpus")
  static let rows: [ExpectedRow] = (try? ExpectedRow.rows(of: folder.appending(path: "expected.json"))) ?? []
}

@Suite("Real checkpoints")
struct CorpusTests {
  @Test(
    "Every real file that is at hand opens and matches",
    .enabled(if: !Corpus.rows.isEmpty, "../shared/corpus is not there"))
  func corpus() throws {
    for row in Corpus.rows {
      let checkpoint = try Checkpoint(path: Corpus.folder.appending(path: row.file).path)
      let found = mismatches(checkpoint, row)
      #expect(found.isEmpty, "file \(row.file.count) of the corpus: \(found.prefix(5).joined(separator: "\n"))")
    }
  }
}
