import ModelParameters
public import StateDicts
public import VisionModels

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A class with its probability.
public struct Classification: Hashable, Sendable {
  /// The index of the class.
  public let label: Int
  /// The probability, 0 to 1.
  public let score: Float
}

/// An image classifier: a ResNet or MobileNetV2 with torchvision's evaluation transform.
///
///     let classifier = try Classifier("mobilenet_v2", weights: loadStateDict(url: url))
///     let best = try classifier.classify(Image(contentsOf: photo))
///
/// It can be used from several tasks at once; images are processed one after another on a separate thread.
public final class Classifier: Sendable {
  private enum Network: Sendable {
    case resNet(ResNet)
    case mobileNetV2(MobileNetV2)
  }

  /// torchvision's name of the model.
  public let name: String
  /// The number of classes.
  public let classCount: Int
  private let network: Network
  private let thread: ArithmeticThread

  /// Loads a classifier from matched weights.
  ///
  /// - Parameters:
  ///   - fit: The weights and their model, a ResNet or MobileNetV2.
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: `VisionError` `configuration` for another kind of model, `MatchError` if the weights do not match,
  ///   `notFinite` with the name of a weight that is NaN or infinite.
  public init(_ fit: ModelFit, threads: Int? = nil, exact: Bool = false) throws {
    switch fit.model.architecture {
    case .resNet(let configuration):
      network = .resNet(try ResNet(configuration, loading: fit.runnableMatch()))
    case .mobileNetV2(let configuration):
      network = .mobileNetV2(try MobileNetV2(configuration, loading: fit.runnableMatch()))
    default:
      throw VisionError(
        .configuration, "\(fit.model.name) is not a classifier.",
        remedy: "use a resnet or mobilenet_v2, or pth2swt detect"
      )
    }
    name = fit.model.name
    classCount = fit.model.classCount ?? 0
    thread = ArithmeticThread(threadCount: threads, isExact: exact)
  }

  /// Loads a classifier by torchvision's name.
  ///
  /// - Parameters:
  ///   - name: The name, such as `resnet50` (default: inferred from the weights).
  ///   - weights: The state dict; prefix and number of classes are inferred as by `ModelFit`.
  ///   - epsilon: The epsilon of the normalizations (default: see `VisionModel.epsilon(for:)`).
  ///   - threads: The number of threads that compute together (default: one for each core).
  ///   - exact: Whether to use direct convolutions only, which are slower and closer to torch.
  /// - Throws: The errors of `ModelFit`, and those of `init(_:threads:exact:)`.
  public convenience init(
    _ name: String? = nil, weights: StateDict, epsilon: Float? = nil, threads: Int? = nil, exact: Bool = false
  ) throws {
    try self.init(ModelFit(weights, as: name, epsilon: epsilon), threads: threads, exact: exact)
  }

  /// Returns the most probable classes of an image, the best first.
  ///
  /// - Parameter top: The number of classes.
  public func classify(_ image: Image, top: Int = 5) throws -> [Classification] {
    try timedClassify(image, top: top).classes
  }

  /// Returns the most probable classes of an image, and the time it took.
  ///
  /// - Parameter top: The number of classes.
  public func timedClassify(_ image: Image, top: Int = 5) throws
    -> (classes: [Classification], timings: ClassificationTimings)
  {
    try thread.run { [network] in try Self.ranked(network, image, top, on: $0) }
  }

  /// Classifies an image from a task, which waits without blocking a thread.
  ///
  /// - Throws: `CancellationError` if the task is cancelled before the image is processed.
  public func classify(_ image: Image, top: Int = 5) async throws -> [Classification] {
    try Task.checkCancellation()
    return try await thread.run { [network] in try Self.ranked(network, image, top, on: $0).classes }
  }

  private static func ranked(_ network: Network, _ image: Image, _ top: Int, on arithmetic: Arithmetic) throws
    -> (classes: [Classification], timings: ClassificationTimings)
  {
    let clock = ContinuousClock()
    let start = clock.now
    let input = try ClassificationTransform()(image, arithmetic)
    let transformed = clock.now
    let logits =
      switch network {
      case .resNet(let model): try model(input)
      case .mobileNetV2(let model): try model(input)
      }
    let scores = softmax(ArraySlice(try logits.values()))
    let classes = largest(max(top, 0), of: scores).map { Classification(label: $0, score: scores[$0]) }
    var timings = ClassificationTimings()
    timings.transform = (transformed - start).milliseconds
    timings.network = (clock.now - transformed).milliseconds
    timings.total = (clock.now - start).milliseconds
    return (classes, timings)
  }
}

/// Brings an image into the form that classifiers are evaluated on; torchvision's `ImageClassification` on a Pillow
/// image: short side 256, centre crop 224, normalized.
struct ClassificationTransform {
  static let resizeSize = 256
  static let cropSize = 224
  static let mean: [Float] = [0.485, 0.456, 0.406]
  static let std: [Float] = [0.229, 0.224, 0.225]

  /// [1, 3, 224, 224].
  func callAsFunction(_ image: Image, _ arithmetic: Arithmetic) throws -> Activation {
    let (short, long) = (min(image.size.width, image.size.height), max(image.size.width, image.size.height))
    let side = Int(Double(Self.resizeSize * long) / Double(short))
    let isTall = image.size.width <= image.size.height
    let size = PixelSize(width: isTall ? Self.resizeSize : side, height: isTall ? side : Self.resizeSize)
    func middle(_ side: Int) -> Range<Int> {
      let margin = Int((Double(side - Self.cropSize) / 2).rounded(.toNearestOrEven))
      return margin..<margin + Self.cropSize
    }
    // Only the crop is made: the whole of a very wide picture would be far larger than what is read of it.
    let crop = PillowResize.resized(image, to: size, columns: middle(size.width), rows: middle(size.height))
    let area = Self.cropSize * Self.cropSize
    var values = [Float](repeating: 0, count: 3 * area)
    for row in 0..<Self.cropSize {
      for column in 0..<Self.cropSize {
        let pixel = 3 * (row * Self.cropSize + column)
        for channel in 0..<3 {
          let value = Float(crop.pixels[pixel + channel]) / 255
          values[channel * area + row * Self.cropSize + column] = (value - Self.mean[channel]) / Self.std[channel]
        }
      }
    }
    return try arithmetic.activation([1, 3, Self.cropSize, Self.cropSize], values)
  }
}
