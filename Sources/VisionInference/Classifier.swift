import ModelParameters
public import StateDicts
public import VisionModels

/// An image classifier: a ResNet or MobileNetV2 with torchvision's evaluation transform.
///
///     let classifier = try Classifier(.mobileNetV2, weights: loadStateDict(url: url))
///     let best = try classifier.classify(Image(contentsOf: photo))
///
/// It can be used from several tasks at once; images are processed one after another on a separate thread.
public final class Classifier: Sendable {
  /// torchvision's name of the model; nil if the classifier was created from a loaded model.
  public let name: VisionModel.Name?
  /// The number of classes.
  public let classCount: Int
  private let thread: ArithmeticThread<any ClassifierPass>

  /// Creates a classifier from a loaded ResNet.
  ///
  /// - Parameters:
  ///   - model: The network, with its last layer.
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: `VisionError` `configuration` for a backbone.
  public convenience init(_ model: ResNet, threads: Int? = nil, exact: Bool = false) throws(VisionError) {
    try self.init(running: model, name: nil, threads: threads, exact: exact)
  }

  /// Creates a classifier from a loaded MobileNetV2.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  public convenience init(_ model: MobileNetV2, threads: Int? = nil, exact: Bool = false) throws(VisionError) {
    try self.init(running: model, name: nil, threads: threads, exact: exact)
  }

  /// Loads a classifier from matched weights.
  ///
  /// - Parameters:
  ///   - fit: The weights and their model, a ResNet or MobileNetV2.
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: `VisionError` `configuration` for another kind of model, `MatchError` if the weights do not match,
  ///   `notFinite` with the name of a weight that is NaN or infinite.
  public convenience init(_ fit: ModelFit, threads: Int? = nil, exact: Bool = false) throws {
    guard type(of: fit.model.configuration).modelType is any ClassifierModel.Type else {
      throw Self.notAClassifier(fit.model.name)
    }
    guard let model = try fit.model.configuration.model(loading: fit.runnableMatch()) as? any ClassifierModel else {
      throw Self.notAClassifier(fit.model.name)
    }
    try self.init(running: model, name: fit.model.name, threads: threads, exact: exact)
  }

  /// Loads a classifier by torchvision's name.
  ///
  /// - Parameters:
  ///   - name: The name, such as `.resNet50` (default: inferred from the weights).
  ///   - weights: The state dict; prefix and number of classes are inferred as by `ModelFit`.
  ///   - eps: The eps of the normalizations (default: see `VisionModel.eps(for:)`).
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: The errors of `ModelFit`, and those of `init(_:threads:exact:)`.
  public convenience init(
    _ name: VisionModel.Name? = nil, weights: StateDict, eps: Float? = nil, threads: Int? = nil, exact: Bool = false
  ) throws {
    try self.init(ModelFit(weights, as: name, eps: eps), threads: threads, exact: exact)
  }

  private init(running model: any ClassifierModel, name: VisionModel.Name?, threads: Int?, exact: Bool)
    throws(VisionError)
  {
    guard let count = model.labelCount else {
      throw VisionError(.configuration, "This ResNet is a backbone without a classifier.")
    }
    self.name = name
    classCount = count
    thread = ArithmeticThread(threadCount: threads, isExact: exact) { model.classifierPass() }
  }

  private static func notAClassifier(_ name: VisionModel.Name) -> VisionError {
    VisionError(
      .configuration, "\(name) is not a classifier.", remedy: "use a resnet or mobilenet_v2, or pth2swt detect")
  }

  /// Returns the most probable classes of an image, the best first.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - top: The number of classes.
  public func classify(_ image: Image, top: Int = 5) throws -> [Classification] {
    try classify(batch: [image], top: top)[0]
  }

  /// Returns the most probable classes of several images, which run as one batch.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - top: The number of classes for each image.
  public func classify(batch images: [Image], top: Int = 5) throws -> [[Classification]] {
    try timedClassify(batch: images, top: top).classes
  }

  /// Classifies an image from a task, which waits without blocking a thread.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - top: The number of classes.
  /// - Throws: `CancellationError` if the task is cancelled before the image is processed.
  public func classify(_ image: Image, top: Int = 5) async throws -> [Classification] {
    try await classify(batch: [image], top: top)[0]
  }

  /// Classifies several images as one batch from a task, which waits without blocking a thread.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - top: The number of classes for each image.
  /// - Throws: `CancellationError` if the task is cancelled before the batch is processed.
  public func classify(batch images: [Image], top: Int = 5) async throws -> [[Classification]] {
    try Task.checkCancellation()
    return try await thread.run { arithmetic, pass in try Self.ranked(pass, images, top, on: arithmetic).classes }
  }

  /// Classifies several images as one batch, and measures the stages.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - top: The number of classes for each image.
  public func timedClassify(batch images: [Image], top: Int = 5) throws
    -> (classes: [[Classification]], timings: ClassificationTimings)
  {
    try thread.run { arithmetic, pass in try Self.ranked(pass, images, top, on: arithmetic) }
  }

  /// Classifies an image file, of which no more is in memory than the classifier sees.
  ///
  /// - Parameters:
  ///   - path: The file's path.
  ///   - top: The number of classes.
  package func timedClassify(at path: FilePath, top: Int) throws
    -> (classes: [Classification], timings: ClassificationTimings)
  {
    let start = ContinuousClock.now
    let crop = try ClassificationTransform.Crop(at: path)
    let decoded = ContinuousClock.now
    var (classes, timings) = try thread.run { arithmetic, pass in
      try Self.ranked(pass, of: [crop], top, on: arithmetic, since: decoded)
    }
    timings.decode = (decoded - start).milliseconds
    return (classes[0], timings)
  }

  private static func ranked(
    _ pass: any ClassifierPass, _ images: [Image], _ top: Int, on arithmetic: Arithmetic
  ) throws -> (classes: [[Classification]], timings: ClassificationTimings) {
    let start = ContinuousClock.now
    return try ranked(pass, of: images.map { try ClassificationTransform.Crop($0) }, top, on: arithmetic, since: start)
  }

  private static func ranked(
    _ pass: any ClassifierPass, of crops: [ClassificationTransform.Crop], _ top: Int, on arithmetic: Arithmetic,
    since start: ContinuousClock.Instant
  ) throws -> (classes: [[Classification]], timings: ClassificationTimings) {
    var timings = ClassificationTimings()
    if crops.isEmpty { return ([], timings) }
    let batch = try ClassificationTransform()(crops, arithmetic)
    let transformed = ContinuousClock.now
    let logits = try pass(batch)
    let (values, count) = (try logits.values(), logits.shape[1])
    let classes = crops.indices.map { image in
      let scores = softmax(values[image * count..<(image + 1) * count])
      return largest(max(top, 0), of: scores).map { Classification(label: $0, score: scores[$0]) }
    }
    timings.transform = (transformed - start).milliseconds
    timings.network = (ContinuousClock.now - transformed).milliseconds
    timings.total = (ContinuousClock.now - start).milliseconds
    return (classes, timings)
  }
}
