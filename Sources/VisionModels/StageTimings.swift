import StateDicts

/// How long each part of a detection took, in milliseconds.
public struct StageTimings: Codable, Sendable, Equatable {
  /// From the file's bytes to pixels; 0 where nothing was decoded.
  public var decode: Double = 0
  /// Normalizing, resizing, padding.
  public var transform: Double = 0
  /// The network and the pyramid.
  public var backbone: Double = 0
  /// What is said of the anchors.
  public var rpnHead: Double = 0
  /// Choosing proposals.
  public var proposals: Double = 0
  /// From reading the proposals' regions to the detections.
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

  /// Each part's median over several runs.
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

/// How long each part of a classification took, in milliseconds.
public struct ClassificationTimings: Codable, Sendable, Equatable {
  /// From the file's bytes to pixels; 0 where nothing was decoded.
  public var decode: Double = 0
  /// Resizing, cropping and normalizing.
  public var transform: Double = 0
  /// From the model's input to the classes.
  public var network: Double = 0
  /// From the decoded image to the classes.
  public var total: Double = 0

  /// Creates timings of 0.
  public init() {}
}

extension Detector {
  /// What is on several images, run as one batch, and how long it took.
  public func timedDetect(batch images: [Image]) throws -> (detections: [[Detection]], timings: StageTimings) {
    let clock = ContinuousClock()
    let start = clock.now
    let state = Locked((timings: StageTimings(), last: start))
    let detections = try detect(batch: images) { stage, _ in
      state.withLock { state in
        let now = clock.now
        state.timings.add((now - state.last).milliseconds, for: stage)
        state.last = now
      }
    }
    var timings = state.withLock { $0.timings }
    timings.total = (clock.now - start).milliseconds
    return (detections, timings)
  }
}

extension Duration {
  /// The duration in milliseconds.
  package var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}
