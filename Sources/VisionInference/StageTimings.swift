import StateDicts

/// The times of the stages of a detection, in milliseconds.
public struct StageTimings: Codable, Sendable, Equatable {
  /// Decoding the image; 0 if nothing was decoded.
  public var decode: Double = 0
  /// Normalizing, resizing, padding.
  public var transform: Double = 0
  /// The backbone: ResNet and feature pyramid.
  public var backbone: Double = 0
  /// The head that predicts scores and boxes for anchors.
  public var rpnHead: Double = 0
  /// Selecting proposals.
  public var proposals: Double = 0
  /// From RoI pooling to the detections.
  public var roi: Double = 0
  /// From the decoded image to the detections.
  public var total: Double = 0

  /// Creates timings of 0.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case decode, transform, backbone
    case rpnHead = "rpn_head"
    case proposals, roi, total
  }

  /// Returns the median time of each stage over several runs.
  public static func medians(_ runs: [StageTimings]) -> StageTimings {
    func median(_ part: KeyPath<StageTimings, Double>) -> Double {
      let sorted = runs.map { $0[keyPath: part] }.sorted()
      if sorted.isEmpty { return 0 }
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
    var result = StageTimings()
    result.decode = median(\.decode)
    result.transform = median(\.transform)
    result.backbone = median(\.backbone)
    result.rpnHead = median(\.rpnHead)
    result.proposals = median(\.proposals)
    result.roi = median(\.roi)
    result.total = median(\.total)
    return result
  }

  fileprivate mutating func add(_ milliseconds: Double, for stage: DetectionStage) {
    switch stage {
    case .transform: transform += milliseconds
    case .body, .fpn: backbone += milliseconds
    case .rpnHead: rpnHead += milliseconds
    case .proposals: proposals += milliseconds
    case .regions, .boxHead, .detections: roi += milliseconds
    }
  }
}

/// Measures the stages of a detection.
final class StageWatch: Sendable {
  private let start = ContinuousClock.now
  private let state = Locked((timings: StageTimings(), last: ContinuousClock.now))

  /// Records the end of a stage.
  func note(_ stage: DetectionStage) {
    state.withLock { state in
      let now = ContinuousClock.now
      state.timings.add((now - state.last).milliseconds, for: stage)
      state.last = now
    }
  }

  /// The times of the stages so far, and the time since the start.
  var timings: StageTimings {
    var timings = state.withLock { $0.timings }
    timings.total = (ContinuousClock.now - start).milliseconds
    return timings
  }
}

extension Duration {
  /// The duration in milliseconds.
  package var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}
