import ModelParameters
public import StateDicts
public import VisionModels

/// An object detector: a Faster R-CNN with torchvision's pre- and postprocessing.
///
///     let detector = try Detector(.fasterRCNNResNet50FPN, weights: loadStateDict(url: url))
///     for found in try detector.detect(Image(contentsOf: photo)) where found.score > 0.5 {
///       print(Labels.coco[found.label], found.score, found.box)
///     }
///
/// It can be used from several tasks at once; images are processed one after another on a separate thread.
public final class Detector: Sendable {
  /// The options for preprocessing and for selecting detections.
  public let options: DetectionOptions
  /// The network.
  public let model: FasterRCNN
  private let thread: ArithmeticThread<FasterRCNN.ForwardPass>

  /// Creates a detector from a loaded model.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - options: Options for preprocessing and for selecting detections (default: torchvision's).
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: `VisionError` `configuration` for invalid options.
  public init(_ model: FasterRCNN, options: DetectionOptions = .init(), threads: Int? = nil, exact: Bool = false)
    throws(VisionError)
  {
    try options.validate()
    self.model = model
    self.options = options
    thread = ArithmeticThread(threadCount: threads, isExact: exact) { try FasterRCNN.ForwardPass(model) }
  }

  /// Loads a detector from matched weights.
  ///
  /// - Parameters:
  ///   - fit: The weights and their model, a Faster R-CNN.
  ///   - options: Options for preprocessing and for selecting detections (default: torchvision's).
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: `VisionError` `configuration` for another kind of model, `MatchError` if the weights do not match,
  ///   `notFinite` with the name of a weight that is NaN or infinite.
  public convenience init(
    _ fit: ModelFit, options: DetectionOptions = .init(), threads: Int? = nil, exact: Bool = false
  ) throws {
    guard let configuration = fit.model.configuration as? FasterRCNN.Configuration else {
      throw VisionError(
        .configuration, "\(fit.model.name) is not a detector.", remedy: "use a fasterrcnn_… model, or pth2swt classify")
    }
    try self.init(
      configuration.model(loading: fit.runnableMatch()), options: options, threads: threads, exact: exact)
  }

  /// Loads a detector by torchvision's name.
  ///
  /// - Parameters:
  ///   - name: The name, such as `.fasterRCNNResNet50FPN` (default: inferred from the weights).
  ///   - weights: The state dict; prefix and number of classes are inferred as by `ModelFit`.
  ///   - options: Options for preprocessing and for selecting detections (default: torchvision's).
  ///   - eps: The eps of the normalizations (default: see `VisionModel.eps(for:)`).
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: The errors of `ModelFit`, and those of `init(_:threads:exact:)`.
  public convenience init(
    _ name: VisionModel.Name? = nil, weights: StateDict, options: DetectionOptions = .init(), eps: Float? = nil,
    threads: Int? = nil, exact: Bool = false
  ) throws {
    try self.init(
      ModelFit(weights, as: name, eps: eps), options: options, threads: threads, exact: exact)
  }

  /// The number of classes, including the background.
  public var classCount: Int { model.boxPredictor.scores.bias.shape[0] }

  /// Detects the objects in an image, the best first.
  public func detect(_ image: Image) throws -> [Detection] { try detect(batch: [image])[0] }

  /// Detects the objects in several images of any sizes as one batch, like torchvision's model on a list.
  public func detect(batch images: [Image]) throws -> [[Detection]] { try detect(batch: images) { _, _ in } }

  /// Detects the objects in an image from a task, which waits without blocking a thread.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before the image is processed.
  public func detect(_ image: Image) async throws -> [Detection] { try await detect(batch: [image])[0] }

  /// Detects the objects in several images as one batch from a task, which waits without blocking a thread.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before the batch is processed.
  public func detect(batch images: [Image]) async throws -> [[Detection]] {
    try Task.checkCancellation()
    return try await thread.run { [options] arithmetic, pass in
      try pass(images.map(DetectionTransform(options: options).samples), options, on: arithmetic)
    }
  }

  /// Detects the objects in several images as one batch, and measures the stages.
  public func timedDetect(batch images: [Image]) throws -> (detections: [[Detection]], timings: StageTimings) {
    let (_, detections, timings) = try detect(in: images.map(DetectionSource.image))
    return (detections, timings)
  }

  /// Where the pixels of an image come from.
  package enum DetectionSource: Sendable {
    case image(Image)
    /// A file, of which no more is in memory than the detector sees.
    case file(FilePath)
  }

  /// Detects the objects in several images as one batch, and measures the stages, decoding included.
  package func detect(
    in sources: [DetectionSource]
  ) throws -> (sizes: [PixelSize], detections: [[Detection]], timings: StageTimings) {
    let transform = DetectionTransform(options: options)
    var decoding = Duration.zero
    var samples: [ImageSamples] = []
    for source in sources {
      switch source {
      case .image(let image): samples.append(try transform.samples(image))
      case .file(let path):
        let start = ContinuousClock.now
        samples.append(try transform.samples(at: path))
        decoding += ContinuousClock.now - start
      }
    }
    let watch = StageWatch()
    let detections = try detect(samples) { stage, _ in watch.note(stage) }
    var timings = watch.timings
    timings.decode = decoding.milliseconds
    return (samples.map(\.size), detections, timings)
  }

  /// Detects objects and passes the result of each stage to a watcher.
  package func detect(
    batch images: [Image], watching: @escaping @Sendable (DetectionStage, [Activation]) throws -> Void
  ) throws -> [[Detection]] {
    try detect(images.map(DetectionTransform(options: options).samples), watching: watching)
  }

  private func detect(
    _ images: [ImageSamples], watching: @escaping @Sendable (DetectionStage, [Activation]) throws -> Void
  ) throws -> [[Detection]] {
    try thread.run { [options] arithmetic, pass in try pass(images, options, on: arithmetic, watching: watching) }
  }

  /// The most memory that activations took at once so far, in bytes.
  package func largestActivationByteCount() throws -> Int {
    try thread.run { arithmetic, _ in arithmetic.largestActivationByteCount }
  }
}
