package import VisionModels

/// The forward pass of a convolution, with the following normalization folded into its weight.
///
/// It belongs to one engine and stays on the engine's thread, like its weights.
package struct Convolution {
  private let weights: LayerWeights
  private let stride: Int
  private let padding: Int
  private let dilation: Int
  private let groups: Int

  package init(_ layer: Conv2d, normalizedBy normalization: (any Normalization)? = nil) {
    self.init(
      layer, FoldedWeights(weight: layer.weight, bias: layer.bias, normalization: normalization))
  }

  package init(_ layers: ConvNorm) {
    self.init(layers.convolution, normalizedBy: layers.normalization)
  }

  /// Joins two convolutions of the same input and geometry: the outputs of the second follow those of the first.
  init(_ first: Conv2d, and second: Conv2d) throws(VisionError) {
    self.init(
      first,
      try FoldedWeights(
        FoldedWeights(weight: first.weight, bias: first.bias), FoldedWeights(weight: second.weight, bias: second.bias)))
  }

  private init(_ layer: Conv2d, _ weights: FoldedWeights) {
    self.weights = LayerWeights(weights)
    stride = layer.stride
    padding = layer.padding
    dilation = layer.dilation
    groups = layer.groups
  }

  /// Computes [N, outputs, H', W'] from [N, inputs, H, W] in one step, including an addition and a nonlinearity.
  ///
  /// - Parameters:
  ///   - addend: An activation that is added to the result. If the caller consumes it, the result reuses its memory.
  ///   - nonlinearity: The nonlinearity that is applied last.
  package func callAsFunction(
    _ x: Activation, adding addend: consuming Activation? = nil, then nonlinearity: Nonlinearity = .none
  ) throws -> Activation {
    try x.arithmetic.convolve(
      x, weights, stride: stride, padding: padding, dilation: dilation, groups: groups, adding: addend,
      then: nonlinearity)
  }
}
