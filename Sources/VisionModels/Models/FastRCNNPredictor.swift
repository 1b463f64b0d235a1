public import ModelParameters

/// Predicts a score and a box for each class; torchvision's `FastRCNNPredictor`.
public struct FastRCNNPredictor: Sendable {
  /// The layer for one score per class.
  public let scores: Linear
  /// The layer for four deltas per class.
  public let boxes: Linear

  /// Declares or loads the layers.
  public init(_ inputs: Int, classCount: Int, in scope: ParameterScope) {
    scores = Linear(inputs, classCount, in: scope / "cls_score")
    boxes = Linear(inputs, classCount * 4, in: scope / "bbox_pred")
  }
}
