public import ModelParameters
import StateDicts

/// Predicts an objectness score and a box for each anchor; torchvision's `RPNHead` (`models/detection/rpn.py`).
public struct RPNHead: Sendable {
  /// The 3×3 convolution of a feature map, followed by ReLU.
  public let convolution: Conv2d
  /// The convolution for one logit per anchor.
  public let logits: Conv2d
  /// The convolution for four deltas per anchor: x, y, width, height.
  public let deltas: Conv2d

  /// Declares or loads the head.
  ///
  /// Version 2 of the layout moved the convolution to a list of lists.
  public init(_ channels: Int, anchorCount: Int, in scope: ParameterScope) {
    let place = scope / "conv"
    convolution = Conv2d(
      inputChannels: channels, outputChannels: channels, kernelSize: 3, padding: 1,
      in: (place / 0 / 0).formerly(place, before: 2, of: scope))
    logits = Conv2d(inputChannels: channels, outputChannels: anchorCount, kernelSize: 1, in: scope / "cls_logits")
    deltas = Conv2d(inputChannels: channels, outputChannels: anchorCount * 4, kernelSize: 1, in: scope / "bbox_pred")
  }
}

/// Computes the features of a region with two layers, each followed by ReLU; torchvision's `TwoMLPHead`.
public struct TwoMLPHead: Sendable {
  /// The first layer, for the region in C order: [channels, height, width].
  public let fc6: Linear
  /// The second layer.
  public let fc7: Linear

  /// Declares or loads the head.
  public init(_ inputs: Int, _ outputs: Int, in scope: ParameterScope) {
    fc6 = Linear(inputs, outputs, in: scope / "fc6")
    fc7 = Linear(outputs, outputs, in: scope / "fc7")
  }
}

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
