import Foundation
import ModelParameters
import StateDicts
import Testing
import VisionInference
import VisionModels

/// What lies between the convolutions, and what is refused.
@Suite(.serialized)
struct DetectionTests {
  private static let name: VisionModel.Name = "fasterrcnn_resnet18_fpn"

  private func weights() throws -> StateDict {
    try SeededWeights.stateDict(VisionModel(named: Self.name, classCount: 3).registry(), gains: [:])
  }

  private func replacing(_ wanted: String, of weights: StateDict, by value: Float) throws -> StateDict {
    try StateDict(
      weights.map { name, tensor in
        guard name == wanted else { return (name, tensor) }
        let store = try unsafe ByteStore(byteCount: tensor.byteCount) { bytes in
          for index in 0..<tensor.elementCount {
            unsafe bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
          }
        }
        return (name, Tensor(elementType: .float32, geometry: tensor.geometry, storage: Storage(store)))
      })
  }

  private func smallOptions() -> DetectionOptions {
    var options = DetectionOptions()
    options.minSize = 64
    options.maxSize = 128
    options.rpnPostNMSTopN = 20
    return options
  }

  @Test("suppression keeps the better of two, never compares groups, and orders equal scores by place")
  func suppression() {
    let box = Box(left: 0, top: 0, right: 10, bottom: 10)
    let near = Box(left: 0, top: 1, right: 10, bottom: 11)
    let far = Box(left: 50, top: 50, right: 60, bottom: 60)
    let boxes = [near, box, far, box]
    #expect(
      nonMaximumSuppression(boxes, scores: [0.5, 0.9, 0.9, 0.1], groups: [0, 0, 0, 0], threshold: 0.5) == [1, 2])
    #expect(
      nonMaximumSuppression(boxes, scores: [0.5, 0.9, 0.9, 0.1], groups: [1, 0, 0, 2], threshold: 0.5) == [1, 2, 0, 3])
    #expect(nonMaximumSuppression([], scores: [], groups: [], threshold: 0.5).isEmpty)
  }

  @Test("more than 1000 boxes are suppressed group by group, with the same outcome")
  func manyBoxes() {
    let boxes = (0..<1200).map { index in
      let corner = Float(index % 400) * 20
      return Box(left: corner, top: corner, right: corner + 10, bottom: corner + 10)
    }
    let scores = boxes.indices.map { Float($0 * 7919 % 1200) / 1200 }
    let groups = boxes.indices.map { $0 / 600 }
    let kept = nonMaximumSuppression(boxes, scores: scores, groups: groups, threshold: 0.5)
    #expect(kept.count == 800)
    #expect(zip(kept, kept.dropFirst()).allSatisfy { scores[$0] > scores[$1] })
  }

  @Test("the largest values come first, equal ones in order, NaN before all")
  func largestValues() {
    #expect(largest(3, of: [1, 5, 2, 5, 4]) == [1, 3, 4])
    #expect(largest(9, of: [1, 3, 2]) == [1, 2, 0])
    #expect(largest(2, of: [1, .nan, 2, 0]) == [1, 2])
    let many = (0..<5000).map { Float(($0 * 7919) % 5003) }
    #expect(largest(100, of: many) == Array(many.indices.sorted { many[$0] > many[$1] }.prefix(100)))
  }

  @Test("images from 1x1 to very wide give results or a clear error")
  func extremeSizes() throws {
    let detector = try Detector(Self.name, weights: weights(), options: smallOptions(), threads: 1)
    #expect(try detector.detect(seededImage(width: 1, height: 1, seed: 0)).count <= 100)
    #expect(try detector.detect(seededImage(width: 900, height: 10, seed: 0)).count <= 100)
    let error = #expect(throws: VisionError.self) {
      try detector.detect(Image(width: 20_000, height: 3, pixels: [UInt8](repeating: 9, count: 60_000)))
    }
    #expect(error?.code == .imageSize)
  }

  @Test("weights that are not finite are named")
  func notFinite() throws {
    let broken = try replacing("backbone.body.layer2.0.conv1.weight", of: weights(), by: .nan)
    let error = #expect(throws: VisionError.self) {
      try Validation(of: VisionModel(named: Self.name, classCount: 3), weights: broken)
    }
    #expect(error?.code == .notFinite)
    #expect(error?.layer == "backbone.body.layer2.0.conv1.weight")
  }

  @Test("activations that overflow are named by stage")
  func overflow() throws {
    let broken = try replacing("backbone.body.bn1.weight", of: weights(), by: 1e38)
    let error = #expect(throws: VisionError.self) {
      try Validation(of: VisionModel(named: Self.name, classCount: 3), weights: broken)
    }
    #expect(error?.code == .notFinite)
    #expect(error?.layer == "body.layer1")
  }

  @Test("a detector names the stage that overflows, with Winograd's algorithm and without")
  func overflowWithin() throws {
    let sound = try weights()
    let image = try seededImage(width: 64, height: 48, seed: 1)
    for (name, stage) in [
      ("backbone.body.bn1.weight", "body.layer1"), ("backbone.body.layer3.1.conv2.weight", "body.layer3"),
      ("backbone.fpn.layer_blocks.1.0.weight", "fpn.1"), ("rpn.head.conv.0.0.weight", "rpn.0"),
      ("roi_heads.box_head.fc6.weight", "box_head"), ("roi_heads.box_predictor.cls_score.weight", "class_logits"),
      ("roi_heads.box_predictor.bbox_pred.weight", "box_deltas"),
    ] {
      let broken = try replacing(name, of: sound, by: 1e38)
      for isExact in [false, true] {
        let detector = try Detector(Self.name, weights: broken, options: smallOptions(), threads: 1, exact: isExact)
        let error = #expect(throws: VisionError.self) { try detector.detect(image) }
        #expect(error?.code == .notFinite && error?.layer == stage, "\(name): \(String(describing: error))")
      }
    }
  }

  @Test("weights of another model are refused with the report")
  func otherModel() throws {
    let weights = try weights()
    let error = #expect(throws: MatchError.self) { try Detector("fasterrcnn_resnet50_fpn", weights: weights) }
    #expect(error?.match.missing.isEmpty == false && error?.match.mismatched.isEmpty == false)
    #expect(throws: VisionError(.configuration, "")) { try Classifier(weights: weights) }
  }

  @Test("options that make no sense are refused")
  func options() throws {
    var options = DetectionOptions()
    options.maxSize = 0
    #expect(throws: VisionError(.configuration, "")) { try options.validate() }
    options = DetectionOptions()
    options.imageStd = [1, 0, 1]
    #expect(throws: VisionError(.configuration, "")) { try options.validate() }
  }

  @Test("a cancelled task does not run its image")
  func cancellation() async throws {
    let detector = try Detector(Self.name, weights: weights(), options: smallOptions(), threads: 1)
    let image = try seededImage(width: 64, height: 48, seed: 1)
    let task = Task {
      try await Task.sleep(for: .seconds(60))
      return try await detector.detect(image)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    async let one = detector.detect(image)
    async let two = detector.detect(image)
    let (first, second) = try await (one, two)
    #expect(first == second)
  }

  @Test("the epsilon is 0 for the COCO weights of 2019 and 1e-5 for others")
  func epsilon() throws {
    var weights = try StateDict([])
    #expect(VisionModel.eps(for: weights) == 1e-5)
    weights.metadata.source = Provenance(
      name: "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", byteCount: 0, format: .zip)
    #expect(VisionModel.eps(for: weights) == 0)
    weights.metadata.source = Provenance(
      name: "mine.swt", byteCount: 0, format: .swt,
      marks: ["source": "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth"])
    #expect(VisionModel.eps(for: weights) == 0)
  }
}
