import StateDicts
package import VisionModels

extension RPNHead {
  /// For a level [N, C, H, W]: [N, 5 * anchors, H, W], the logits and then the deltas.
  ///
  /// Both read the same pixels, so they run as one convolution.
  package func callAsFunction(_ level: Activation) throws -> Activation {
    let predictions = try FoldedWeights(
      FoldedWeights(weight: logits.weight, bias: logits.bias), FoldedWeights(weight: deltas.weight, bias: deltas.bias))
    return try level.arithmetic.convolve(convolution(level, then: .relu), predictions)
  }

  /// Which channels of the predictions are logits, and which deltas.
  package var channels: (logits: Range<Int>, deltas: Range<Int>) {
    let anchorCount = logits.weight.shape[0]
    return (0..<anchorCount, anchorCount..<5 * anchorCount)
  }
}

extension TwoMLPHead {
  /// Regions [N, C, size, size] to [N, outputs].
  package func callAsFunction(_ regions: Activation) throws -> Activation {
    try fc7(fc6(regions, then: .relu), then: .relu)
  }
}
