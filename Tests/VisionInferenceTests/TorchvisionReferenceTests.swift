import Foundation
import ModelParameters
import StateDicts
import Testing
import VisionInference
import VisionModels

/// Every ResNet detector of the catalogue against torchvision, stage by stage and in what it finds.
///
/// The references come from `TestData/recipes/detections.py`.
@Suite(.serialized)
struct TorchvisionReferenceTests {
  struct Model: Decodable {
    let classes: Int
    let gains: [String: Float]
    let stages: [StageDigest]
  }

  struct Group: Decodable {
    struct Picture: Decodable {
      let width: Int
      let height: Int
      let seed: Int
      let alone: [ExpectedDetection]
      let batched: [ExpectedDetection]
    }
    struct Options: Decodable {
      let min_size: Int
      let max_size: Int
      let rpn_post_nms_top_n_test: Int
      let box_score_thresh: Double
      let box_nms_thresh: Double
      let box_detections_per_img: Int
    }
    let model: String
    let options: Options
    let images: [Picture]
  }

  static let names = ["fasterrcnn_resnet18_fpn"] + (TestExtent.isWhole ? larger : [])

  private static let larger = [
    "fasterrcnn_resnet34_fpn", "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet101_fpn", "fasterrcnn_resnet152_fpn",
    "fasterrcnn_resnext50_32x4d_fpn",
    "fasterrcnn_resnext101_32x8d_fpn", "fasterrcnn_wide_resnet50_2_fpn", "fasterrcnn_wide_resnet101_2_fpn",
  ]

  private static func read<Value: Decodable>(_ name: String, as: Value.Type) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(contentsOf: Repository.fixture("detections/" + name)))
  }

  static func weights(_ name: String) throws -> (model: VisionModel, weights: StateDict, reference: Model) {
    let models = try read("models.json", as: [String: Model].self)
    let reference = try #require(models[name], "\(name) is not in models.json")
    let model = try VisionModel(named: .init(rawValue: name), classCount: reference.classes)
    return (model, try SeededWeights.stateDict(model.registry(), gains: reference.gains), reference)
  }

  @Test("each stage comes out as torchvision's, and each pair of image and model", arguments: names)
  func detector(name: String) throws {
    let (model, weights, reference) = try Self.weights(name)
    let found = try Validation(of: model, weights: weights, threads: 2)
    #expect(found.stages.map(\.stage) == reference.stages.map(\.stage))
    for (ours, theirs) in zip(found.stages, reference.stages) {
      if let difference = ours.difference(from: theirs, tolerance: 1e-4) { Issue.record("\(name): \(difference)") }
    }
    let groups = try Self.read("detections.json", as: [Group].self).filter { $0.model == name }
    #expect(!groups.isEmpty)
    for group in groups {
      if TestExtent.isWhole { try expectDetections(group, weights, exact: true) }
      try expectDetections(group, weights, exact: false)
    }
  }

  private func expectDetections(_ group: Group, _ weights: StateDict, exact: Bool) throws {
    var options = DetectionOptions()
    options.minSize = group.options.min_size
    options.maxSize = group.options.max_size
    options.rpnPostNMSTopN = group.options.rpn_post_nms_top_n_test
    options.boxScoreThresh = group.options.box_score_thresh
    options.boxNMSThresh = group.options.box_nms_thresh
    options.boxDetectionsPerImage = group.options.box_detections_per_img
    let detector = try Detector(
      .init(rawValue: group.model), weights: weights, options: options, threads: 2, exact: exact)
    let images = try group.images.map { try seededImage(width: $0.width, height: $0.height, seed: $0.seed) }
    let batch = try detector.detect(batch: images)
    for (index, picture) in group.images.enumerated() {
      let what = "\(group.model) on \(picture.width)x\(picture.height), exact \(exact)"
      expectSame(try detector.detect(images[index]), picture.alone, what)
      expectSame(batch[index], picture.batched, what + ", batched")
    }
  }

  @Test(
    "a classifier's logits are torchvision's",
    arguments: ["mobilenet_v2", "resnet18"] + (TestExtent.isWhole ? ["resnet50"] : []))
  func classifier(name: String) throws {
    let (model, weights, reference) = try Self.weights(name)
    let logits = try #require(try Validation(of: model, weights: weights, threads: 2).stages.last)
    let expected = try #require(reference.stages.last)
    #expect(logits.difference(from: expected, tolerance: 1e-4) == nil)
  }
}
