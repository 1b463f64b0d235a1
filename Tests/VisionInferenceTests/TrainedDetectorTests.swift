import Foundation
import StateDicts
import Testing
import TorchCheckpoints
import VisionInference
import VisionModels

private let isHere = SharedFiles.has("models/expected.json")

/// A detector that was really trained, against torchvision's results for it.
@Suite(.serialized, .enabled(if: isHere, "needs ../shared/models"))
struct TrainedDetectorTests {
  private struct Expected: Decodable {
    struct Result: Decodable {
      struct Config: Decodable {
        let min_size: Int
        let max_size: Int
        let box_score_thresh: Double
        let box_nms_thresh: Double
        let box_detections_per_img: Int
      }
      struct Picture: Decodable {
        let image: String
        let detections: [ExpectedDetection]
      }
      let config: Config
      let alone: [Picture]
      let batched: [Picture]
    }
    let weights: String
    let results: [Result]
  }

  @Test(
    "the trained detector finds what torchvision finds, alone and as one batch",
    arguments: TestExtent.isWhole ? [false, true] : [false])
  func matchesTorchvision(exact: Bool) throws {
    let data = try Data(contentsOf: SharedFiles.url("models/expected.json"))
    let expected = try JSONDecoder().decode(Expected.self, from: data)
    let weights = try loadStateDict(url: SharedFiles.url("models/\(expected.weights)"))
    for result in expected.results.prefix(TestExtent.isWhole ? .max : 1) {
      var options = DetectionOptions()
      options.minSize = result.config.min_size
      options.maxSize = result.config.max_size
      options.boxScoreThresh = result.config.box_score_thresh
      options.boxNMSThresh = result.config.box_nms_thresh
      options.boxDetectionsPerImage = result.config.box_detections_per_img
      let detector = try Detector(weights: weights, options: options, exact: exact)
      for picture in result.alone.prefix(TestExtent.isWhole ? .max : 1) {
        let image = try Image(contentsOf: SharedFiles.url("models/\(picture.image)"))
        expectSame(try detector.detect(image), picture.detections, "\(picture.image) alone, \(result.config)")
      }
      let pictures = result.batched.prefix(TestExtent.isWhole ? .max : 0)
      let images = try pictures.map { try Image(contentsOf: SharedFiles.url("models/\($0.image)")) }
      for (found, picture) in zip(try detector.detect(batch: images), pictures) {
        expectSame(found, picture.detections, "\(picture.image) in a batch, \(result.config)")
      }
    }
  }
}
