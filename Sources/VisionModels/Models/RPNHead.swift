public import ModelParameters

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
