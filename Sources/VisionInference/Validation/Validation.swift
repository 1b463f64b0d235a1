import ModelParameters
public import StateDicts
public import VisionModels

/// A digest of a model's stages on a fixed input, with direct convolutions: a regression test for weights.
///
///     let now = try Validation(ModelFit(loadStateDict(url: url)))
///     now.differences(from: before)            // empty where they are the same
public struct Validation: Codable, Sendable, Equatable {
  /// torchvision's name of the model.
  public let model: String
  /// The number of trainable parameters, and that of frozen parameters.
  public let trainableCount, frozenCount: Int
  /// The digest of each stage.
  public let stages: [StageDigest]

  private enum CodingKeys: String, CodingKey {
    case model
    case trainableCount = "trainable"
    case frozenCount = "frozen"
    case stages
  }

  /// Validates matched weights.
  ///
  /// - Parameters:
  ///   - fit: The weights and their model.
  ///   - threads: The number of threads that compute together (default: one for each core).
  /// - Throws: `MatchError` if the weights do not match; `notFinite` with the weight or stage.
  public init(_ fit: ModelFit, threads: Int? = nil) throws {
    let match = try fit.runnableMatch()
    model = fit.model.name.rawValue
    frozenCount = match.registry.frozen.count
    trainableCount = match.registry.trainable.count
    guard let network = try fit.model.configuration.model(loading: match) as? any DigestibleModel else {
      throw VisionError(.configuration, "\(fit.model.name) cannot be validated.")
    }
    stages = try ArithmeticThread(threadCount: threads, isExact: true).run { arithmetic in
      try network.digests(of: ValidationInput.image(on: arithmetic))
    }
  }

  /// Validates weights for a model.
  ///
  /// - Parameters:
  ///   - model: The model, with as many classes as the weights have.
  ///   - weights: The state dict.
  ///   - trainableLayers: The number of ResNet stages that train (default: see
  ///     `VisionModel.registry(trainableLayers:)`).
  ///   - threads: The number of threads that compute together (default: one for each core).
  /// - Throws: The errors of `ModelFit`, and those of `init(_:threads:exact:)`.
  public init(
    of model: VisionModel, weights: StateDict, trainableLayers: Int? = nil, threads: Int? = nil
  ) throws {
    let norm = model.configuration.normLayer
    try self.init(
      ModelFit(
        weights, as: model.name, classCount: model.classCount, normLayer: norm.kind, eps: norm.eps,
        trainableLayers: trainableLayers),
      threads: threads)
  }

  /// Returns the differences from an earlier validation, one sentence per stage.
  ///
  /// - Parameters:
  ///   - expected: The earlier validation.
  ///   - tolerance: The tolerance for a number, relative to the largest of its stage.
  public func differences(from expected: Validation, tolerance: Double = 1e-4) -> [String] {
    if model != expected.model { return ["the model is \(model), expected \(expected.model)"] }
    let known = Dictionary(stages.map { ($0.stage, $0) }) { first, _ in first }
    var found: [String] = []
    for stage in expected.stages {
      if let ours = known[stage.stage] {
        if let difference = ours.difference(from: stage, tolerance: tolerance) { found.append(difference) }
      } else {
        found.append("\(stage.stage): missing")
      }
    }
    return found
  }
}

/// The input that every validation runs on, the same for ever: nothing in a file, nothing random.
package enum ValidationInput {
  package static let side = 224
  /// Boxes of several sizes, so that regions are read from every level.
  static let boxes = (0..<32).map { index in
    let size = Float(8 << (index % 6))
    let (left, top) = (Float(index * 37 % 96), Float(index * 53 % 96))
    return Box(left: left, top: top, right: min(left + size, 224), bottom: min(top + size * 0.75, 224))
  }

  /// [1, 3, 224, 224], from -1 to 1: three waves of rising pitch.
  package static func image(on arithmetic: Arithmetic) throws(VisionError) -> Activation {
    try arithmetic.activation([1, 3, side, side], values)
  }

  /// The image's values, by integer arithmetic, so that they are the same on every machine.
  package static let values: [Float] = (0..<3 * side * side).map { index in
    let (channel, place) = index.quotientAndRemainder(dividingBy: side * side)
    let (row, column) = place.quotientAndRemainder(dividingBy: side)
    let phase = (row * (3 + channel) + column * (5 + 2 * channel) + row * column / 16) % 256
    return Float(phase < 128 ? phase : 256 - phase) / 64 - 1
  }
}
