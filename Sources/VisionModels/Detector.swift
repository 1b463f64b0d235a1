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

  /// Loads a model from weights that were held against it.
  ///
  /// - Parameters:
  ///   - fit: The weights and their model, a Faster R-CNN.
  ///   - options: How images are brought in and detections chosen (default: torchvision's).
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether only direct convolutions are used: slower, and closest to torch.
  /// - Throws: `VisionError` `configuration` for another kind of model, `MatchError` where the weights do not fit,
  ///   `notFinite` with the name of a weight that is NaN or infinite.
  public convenience init(
    _ fit: ModelFit, options: DetectionOptions = .init(), threads: Int? = nil, exact: Bool = false
  ) throws {
    guard case .fasterRCNN(let configuration) = fit.model.architecture else {
      throw VisionError(
        .configuration, "\(fit.model.name) is not a detector.", remedy: "use a fasterrcnn_… model, or pth2swt classify")
    }
    let match = try fit.runnableMatch()
    try self.init(FasterRCNN(configuration, loading: match), options: options, threads: threads, exact: exact)
  }

  /// Loads a model by torchvision's name.
  ///
  /// - Parameters:
  ///   - name: The name, such as `fasterrcnn_resnet50_fpn` (default: inferred from the weights).
  ///   - weights: The state dict; prefix and number of classes are found as `ModelFit` finds them.
  ///   - options: How images are brought in and detections chosen (default: torchvision's).
  ///   - epsilon: The normalizations' epsilon (default: see `VisionModel.epsilon(for:)`).
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether only direct convolutions are used: slower, and closest to torch.
  /// - Throws: What `ModelFit` throws, and as with a fit.
  public convenience init(
    _ name: String? = nil, weights: StateDict, options: DetectionOptions = .init(), epsilon: Float? = nil,
    threads: Int? = nil, exact: Bool = false
  ) throws {
    try self.init(
      ModelFit(weights, as: name, epsilon: epsilon), options: options, threads: threads, exact: exact)
  }

  /// How many classes there are, the background among them.
  public var classCount: Int { model.boxPredictor.scores.bias.shape[0] }

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

  /// Detects objects and passes the result of each stage to a watcher.
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
