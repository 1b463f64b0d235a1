import ModelParameters
public import StateDicts

/// A Faster R-CNN, ready to be run on images.
///
///     let detector = try Detector("fasterrcnn_resnet50_fpn", weights: loadStateDict(url: url))
///     for found in try detector.detect(Image(contentsOf: photo)) where found.score > 0.5 {
///       print(Labels.coco[found.label], found.score, found.box)
///     }
///
/// It can be used from several tasks at once; images run one after another on a thread of its own.
public final class Detector: Sendable {
  /// How images are brought in and detections chosen.
  public let options: DetectionOptions
  /// The network.
  public let model: FasterRCNN
  private let thread: ArithmeticThread

  /// Takes a model that is loaded already.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - options: torchvision's defaults unless said.
  ///   - threads: How many threads compute together; as many as there are cores unless said.
  ///   - exact: Whether only direct convolutions are used: slower, and closest to torch.
  /// - Throws: `VisionError` `configuration` for options that make no sense.
  public init(_ model: FasterRCNN, options: DetectionOptions = .init(), threads: Int? = nil, exact: Bool = false)
    throws(VisionError)
  {
    try options.validate()
    self.model = model
    self.options = options
    thread = ArithmeticThread(threadCount: threads, isExact: exact)
  }

  /// Loads a model by torchvision's name; classes are counted from the weights.
  ///
  /// - Parameters:
  ///   - name: Such as `fasterrcnn_resnet50_fpn`; nil for the one that the weights are of.
  ///   - weights: The state dict.
  ///   - epsilon: The normalizations' epsilon; by the weights unless said, see `epsilon(for:)`.
  /// - Throws: `ParameterError` for an unknown name, `MatchError` where the weights do not fit, and as above.
  public convenience init(
    _ name: String? = nil, weights: StateDict, options: DetectionOptions = .init(), epsilon: Float? = nil,
    threads: Int? = nil, exact: Bool = false
  ) throws {
    let configuration = try Self.configuration(name, weights: weights, epsilon: epsilon)
    try self.init(FasterRCNN(configuration, loading: weights), options: options, threads: threads, exact: exact)
  }

  /// What is on an image, by falling score.
  public func detect(_ image: Image) throws -> [Detection] { try detect(batch: [image])[0] }

  /// What is on several images of any sizes, run as one batch: as torchvision's model on a list.
  public func detect(batch images: [Image]) throws -> [[Detection]] {
    try thread.run { [model, options] in try model(images, options, on: $0) }
  }

  /// What is on an image, from a task, which waits without holding a thread.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before the image's turn.
  public func detect(_ image: Image) async throws -> [Detection] {
    try Task.checkCancellation()
    return try await thread.run { [model, options] in try model([image], options, on: $0)[0] }
  }

  /// The same with a watcher, which sees what each part of the work makes.
  package func detect(
    batch images: [Image], watching: @escaping @Sendable (DetectionStage, [Activation]) throws -> Void
  ) throws -> [[Detection]] {
    try thread.run { [model, options] in try model(images, options, on: $0, watching: watching) }
  }

  /// The most memory that activations took at once so far, in bytes.
  package func largestActivationByteCount() throws -> Int {
    try thread.run { $0.largestActivationByteCount }
  }
}

extension Detector {
  /// The configuration of a detector by name and weights.
  package static func configuration(_ name: String?, weights: StateDict, epsilon: Float?) throws
    -> FasterRCNN.Configuration
  {
    guard let scores = weights["roi_heads.box_predictor.cls_score.weight"], let classCount = scores.shape.first else {
      throw VisionError(
        .configuration, "The weights have no roi_heads.box_predictor.cls_score.weight, so they are no Faster R-CNN's.",
        remedy: "pth2swt inspect shows what is in the file")
    }
    let norm = NormLayer(.frozenBatchNorm2d, epsilon: epsilon ?? Self.epsilon(for: weights))
    if let name {
      let model = try VisionModel(named: name, classCount: classCount, normLayer: norm)
      if case .fasterRCNN(let configuration) = model.architecture { return configuration }
      throw VisionError(.configuration, "\(name) is no detector.", remedy: "name a fasterrcnn_… model, or classify")
    }
    for known in VisionModel.all {
      let model = try VisionModel(named: known.name, classCount: classCount, normLayer: norm)
      guard case .fasterRCNN(let configuration) = model.architecture else { continue }
      if ParameterRegistry(of: FasterRCNN.self, configuration).match(weights).isAcceptable { return configuration }
    }
    throw VisionError(
      .configuration, "The weights fit no Faster R-CNN that is known here.",
      remedy: "name the one that comes nearest (--model), to see what is missing")
  }

  /// The normalizations' epsilon that weights were trained with: 0 for torchvision's COCO weights of 2019, which are
  /// known by `258fb6c6` in the file's name, else 1e-5.
  ///
  /// Source: `torchvision/models/detection/faster_rcnn.py`, `overwrite_eps`.
  public static func epsilon(for weights: StateDict) -> Float {
    let names = [weights.source?.name ?? ""] + (weights.source?.marks ?? []).map { "\($0.value)" }
    return names.contains { $0.contains("258fb6c6") } ? 0 : 1e-5
  }
}
