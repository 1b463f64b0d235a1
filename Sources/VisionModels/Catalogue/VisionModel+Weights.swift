import ModelParameters
public import StateDicts

extension VisionModel {
  /// The number of classes, including a detector's background; nil for a backbone.
  public var classCount: Int? {
    switch architecture {
    case .resNet(let configuration): configuration.classCount
    case .mobileNetV2(let configuration): configuration.classCount
    case .backbone: nil
    case .fasterRCNN(let configuration): configuration.classCount
    }
  }

  /// The weight whose rows are the classes.
  var classifierName: String? {
    switch architecture {
    case .resNet: "fc.weight"
    case .mobileNetV2: "classifier.1.weight"
    case .backbone: nil
    case .fasterRCNN: "roi_heads.box_predictor.cls_score.weight"
    }
  }

  /// The normalization.
  package var normLayer: NormLayer {
    switch architecture {
    case .resNet(let configuration): configuration.normLayer
    case .mobileNetV2(let configuration): configuration.normLayer
    case .backbone(let configuration): configuration.body.normLayer
    case .fasterRCNN(let configuration): configuration.backbone.body.normLayer
    }
  }

  /// The weight that tells the classes apart, as weights have it: under the model's name for it, else the one left-over
  /// tensor of its form that looks most like it, such as `fc.1.weight`.
  func classifier(in match: Match) -> (name: String, shape: [Int])? {
    guard let name = classifierName, let columns = match.registry[name]?.shape.last else { return nil }
    func isClassifier(_ tensor: Tensor?) -> Bool {
      guard let shape = tensor?.shape, shape.count == 2 else { return false }
      return shape[0] > 0 && shape[1] == columns
    }
    let source = match.source(of: name) ?? match.nearest(to: name) { isClassifier($0) }
    guard let source, let tensor = match.stateDict[source], isClassifier(tensor) else { return nil }
    return (source, tensor.shape)
  }

  /// Whether weights have as many names as the model could use.
  func mayFit(_ weights: StateDict, _ options: MatchOptions) -> Bool {
    guard let registry = try? registry() else { return false }
    let least = registry.specs.count { $0.role != .ignored && $0.since == nil }
    return (weights.count <= registry.specs.count || !options.allowedUnexpected.isEmpty)
      && (weights.count >= least || !options.allowedMissing.isEmpty)
  }

  /// Returns the epsilon of the normalizations in training: 0 for torchvision's COCO weights of 2019, otherwise 1e-5.
  ///
  /// These weights are recognised by `258fb6c6` in the file name, or in that of the file they were converted from.
  /// Source: `torchvision/models/detection/faster_rcnn.py`, `overwrite_eps`.
  public static func epsilon(for weights: StateDict) -> Float {
    let names = [weights.metadata.source?.name ?? ""] + (weights.metadata.source?.marks ?? []).map { "\($0.value)" }
    return names.contains { $0.contains("258fb6c6") } ? 0 : 1e-5
  }
}
