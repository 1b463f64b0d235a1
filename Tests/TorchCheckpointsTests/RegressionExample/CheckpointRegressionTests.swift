import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// A checkpoint regression test, as a project that ships weights keeps one beside its code.
///
///     pth2swt fingerprint module.pth > TestData/fingerprints/module.json      once, and after each intended change
///
/// The test reads every byte of the weights and fails with one line for each tensor that is not as it was.
struct CheckpointRegressionTests {
  let checkpoint = Self.testData.appending(path: "fixtures/state_dicts/module.pth")
  let fingerprint = Self.testData.appending(path: "fingerprints/module.json")

  @Test("the weights are those that were released")
  func released() throws {
    let expected = try JSONDecoder().decode(Fingerprint.self, from: Data(contentsOf: fingerprint))
    let changes = try loadStateDict(url: checkpoint).fingerprint().changes(since: expected)
    #expect(changes.isEmpty, "\(changes)")
  }

  @Test("a converted file holds the weights that were released")
  func converted() throws {
    let folder = try TemporaryFolder()
    let swt = folder.url.appending(path: "module.swt")
    try loadStateDict(url: checkpoint).write(to: swt)
    let expected = try JSONDecoder().decode(Fingerprint.self, from: Data(contentsOf: fingerprint))
    let changes = try loadStateDict(url: swt).fingerprint().changes(since: expected)
    #expect(changes.isEmpty, "\(changes)")
  }

  @Test("other weights of the same model are told, tensor by tensor")
  func other() throws {
    let expected = try JSONDecoder().decode(Fingerprint.self, from: Data(contentsOf: fingerprint))
    let trained = Self.testData.appending(path: "fixtures/state_dicts/optimizer_adam.pth")
    let changes = try loadStateDict(url: trained).fingerprint().changes(since: expected).map(\.description)
    #expect(changes.contains("head.1.weight: values changed"))
    #expect(changes.allSatisfy { $0.hasSuffix("values changed") })
  }

  private static let testData = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "TestData")
}
