import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("A checkpoint regression test, as README.md has it")
struct CheckpointRegressionTests {
  @Test("The weights are those that were reviewed")
  func weightsAreUnchanged() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let url = folder.appendingPathComponent("../../TestData/fixtures/state_dicts/module.pth")
    let expected = try JSONDecoder().decode(
      Fingerprint.self, from: Data(contentsOf: folder.appendingPathComponent("module.fingerprint.json")))
    let changes = try loadStateDict(url: url).fingerprint().changes(since: expected)
    #expect(changes.isEmpty, "\(changes)")
  }

  @Test("Other weights fail it, and the changes say which")
  func otherWeightsFail() throws {
    let before = try loadStateDict(url: Repository.fixture("state_dicts/module.pth")).fingerprint()
    let after = try loadStateDict(url: Repository.fixture("state_dicts/two_candidates.pth"), key: "ema").fingerprint()
    let changes = after.changes(since: before)
    #expect(changes.contains(.values(name: "conv.weight")))
    #expect(changes.map(\.description).contains("conv.weight: values changed"))
  }
}
