public import ModelParameters
public import StateDicts

extension VisionModel {
  /// The model of a name with as many classes as the weights have.
  ///
  /// - Parameter epsilon: The normalizations' epsilon; by the weights unless said, see `epsilon(for:)`.
  /// - Throws: `unknownModel`.
  public init(named name: String, countingClassesIn weights: StateDict, epsilon: Float? = nil) throws(ParameterError) {
    let known = try VisionModel(named: name)
    let epsilon = epsilon ?? Self.epsilon(for: weights)
    switch known.architecture {
    case .resNet:
      self = try VisionModel(
        named: name, classCount: weights["fc.weight"]?.shape.first, normLayer: NormLayer(.batchNorm2d, epsilon: epsilon)
      )
    case .mobileNetV2:
      self = try VisionModel(
        named: name, classCount: weights["classifier.1.weight"]?.shape.first,
        normLayer: NormLayer(.batchNorm2d, epsilon: epsilon))
    case .backbone:
      self = try VisionModel(named: name, normLayer: NormLayer(.frozenBatchNorm2d, epsilon: epsilon))
    case .fasterRCNN:
      self = try VisionModel(
        named: name, classCount: weights["roi_heads.box_predictor.cls_score.weight"]?.shape.first,
        normLayer: NormLayer(.frozenBatchNorm2d, epsilon: epsilon))
    }
  }

  /// The first model of the catalogue that weights fit whole, with as many classes as they have.
  ///
  /// - Throws: `VisionError` `configuration` if there is none.
  public init(fitting weights: StateDict, epsilon: Float? = nil) throws {
    for known in Self.all {
      let model = try VisionModel(named: known.name, countingClassesIn: weights, epsilon: epsilon)
      if try model.registry().match(weights).isAcceptable {
        self = model
        return
      }
    }
    throw VisionError(
      .configuration, "The weights fit no model that is known here.",
      remedy: "name the one that comes nearest (--model), to see what is missing")
  }

  /// The normalizations' epsilon that weights were trained with: 0 for torchvision's COCO weights of 2019, which are
  /// known by `258fb6c6` in the file's name, else 1e-5.
  ///
  /// A file that was converted keeps the name of the one it was made from, and that counts too.
  /// Source: `torchvision/models/detection/faster_rcnn.py`, `overwrite_eps`.
  public static func epsilon(for weights: StateDict) -> Float {
    let names = [weights.metadata.source?.name ?? ""] + (weights.metadata.source?.marks ?? []).map { "\($0.value)" }
    return names.contains { $0.contains("258fb6c6") } ? 0 : 1e-5
  }
}
