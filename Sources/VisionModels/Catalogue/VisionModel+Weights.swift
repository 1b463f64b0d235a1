import ModelParameters
public import StateDicts

extension VisionModel {
  /// The number of classes, including a detector's background; nil for a backbone.
  public var classCount: Int? { configuration.numClasses }

  /// The weight that tells the classes apart, as weights have it: under the model's name for it, else the one left-over
  /// tensor of its form that looks most like it, such as `fc.1.weight`.
  func classifier(in match: Match) -> (name: String, shape: [Int])? {
    guard let name = type(of: configuration).classifierName, let columns = match.registry[name]?.shape.last else {
      return nil
    }
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

  /// The eps of the normalizations that weights were trained with: 0 for torchvision's COCO weights of 2019, which are
  /// known by `258fb6c6` in the file's name, else 1e-5.
  ///
  /// These weights are recognised by `258fb6c6` in the file name, or in that of the file they were converted from.
  /// Source: `torchvision/models/detection/faster_rcnn.py`, `overwrite_eps`.
  public static func eps(for weights: StateDict) -> Float {
    let names = [weights.metadata.source?.name ?? ""] + (weights.metadata.source?.marks ?? [:]).map { $0.value.text }
    return names.contains { $0.contains("258fb6c6") } ? 0 : 1e-5
  }
}
