import Foundation
import StateDicts
import Testing
import VisionInference
import VisionModels

/// A detector's work on pictures against torchvision's, stage by stage: the proposals too, each and in order.
///
/// The references come from `TestData/recipes/stages.py`.
@Suite(.serialized)
struct StageReferenceTests {
  struct Group: Decodable, CustomTestStringConvertible {
    struct Picture: Decodable {
      let width: Int
      let height: Int
      let seed: Int
      let proposals: [[Float]]
    }
    struct Options: Decodable {
      let min_size: Int
      let max_size: Int
      let rpn_pre_nms_top_n_test: Int
      let rpn_post_nms_top_n_test: Int
      let rpn_nms_thresh: Double
      let rpn_score_thresh: Double
    }
    let model: String
    let options: Options
    let images: [Picture]
    let stages: [StageDigest]

    var testDescription: String { "\(model), \(images.count) of \(options.min_size) to \(options.max_size)" }
  }

  static let groups: [Group] = {
    (try? JSONDecoder().decode([Group].self, from: Data(contentsOf: Repository.fixture("stages/stages.json")))) ?? []
  }()

  @Test("there are groups of one picture and of several, for three models")
  func extent() {
    #expect(Self.groups.map(\.images.count).sorted() == [1, 1, 1, 2, 3])
    #expect(Set(Self.groups.map(\.model)).count == 3)
    #expect(Self.groups.allSatisfy { $0.stages.count == 25 })
  }

  @Test(
    "each stage is torchvision's within 1e-4, the proposals among them",
    arguments: groups.filter { TestExtent.isWhole || $0.model == "fasterrcnn_resnet18_fpn" })
  func stages(group: Group) throws {
    let (_, weights, _) = try TorchvisionReferenceTests.weights(group.model)
    for exact in TestExtent.isWhole ? [true, false] : [false] {
      let detector = try Detector(
        .init(rawValue: group.model), weights: weights, options: options(group), threads: 2, exact: exact)
      let images = try group.images.map { try seededImage(width: $0.width, height: $0.height, seed: $0.seed) }
      let seen = Locked<(digests: [StageDigest], proposals: [Float])>(([], []))
      _ = try detector.detect(batch: images) { stage, results in
        var parts = results
        if stage == .rpnHead {
          let anchorCount = results[0].shape[1] / 5
          parts = try results.map { try $0.channels(0..<anchorCount) }
          parts += try results.map { try $0.channels(anchorCount..<5 * anchorCount) }
        }
        let digests = try zip(Self.names(stage), parts).map { try StageDigest($0, $1) }
        let boxes = stage == .proposals ? try results[0].values() : []
        seen.withLock { $0 = ($0.digests + digests, $0.proposals + boxes) }
      }
      let found = seen.withLock(\.self)
      let what = "\(group.testDescription), exact \(exact)"
      #expect(found.digests.map(\.stage) == group.stages.map(\.stage), "\(what)")
      for (ours, theirs) in zip(found.digests, group.stages) {
        if let difference = ours.difference(from: theirs, tolerance: 1e-4) { Issue.record("\(what): \(difference)") }
      }
      let expected = group.images.flatMap { $0.proposals.flatMap(\.self) }
      #expect(relativeDistance(found.proposals, expected) <= 1e-4, "\(what): proposals")
    }
  }

  private func options(_ group: Group) -> DetectionOptions {
    var options = DetectionOptions()
    options.minSize = group.options.min_size
    options.maxSize = group.options.max_size
    options.rpnPreNMSTopN = group.options.rpn_pre_nms_top_n_test
    options.rpnPostNMSTopN = group.options.rpn_post_nms_top_n_test
    options.rpnNMSThresh = group.options.rpn_nms_thresh
    options.rpnScoreThresh = group.options.rpn_score_thresh
    return options
  }

  /// What the recipe calls a stage's results.
  private static func names(_ stage: DetectionStage) -> [String] {
    let levels = BackboneWithFPN.outputNames
    return switch stage {
    case .transform: ["transform"]
    case .body: (1...4).map { "body.layer\($0)" }
    case .fpn: levels.map { "fpn.\($0)" }
    case .rpnHead: levels.map { "rpn.logits.\($0)" } + levels.map { "rpn.deltas.\($0)" }
    case .proposals: ["proposals"]
    case .regions: ["roi"]
    case .boxHead: ["box_head", "class_logits", "box_deltas"]
    case .detections: []
    }
  }
}

/// ‖ours − theirs‖ / ‖theirs‖; infinite where there are not as many numbers.
func relativeDistance(_ ours: [Float], _ theirs: [Float]) -> Double {
  guard ours.count == theirs.count else { return .infinity }
  var (distance, norm) = (0.0, 0.0)
  for (one, other) in zip(ours, theirs) {
    distance += (Double(one) - Double(other)) * (Double(one) - Double(other))
    norm += Double(other) * Double(other)
  }
  return distance == 0 ? 0 : (distance / norm).squareRoot()
}
