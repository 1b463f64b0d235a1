package import VisionModels

/// A declared convolution as it runs: with the normalization after it folded into its weight, which is kept in the layouts
/// that kernels read.
///
/// It belongs to one engine and stays on its thread, as its weights do.
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

  /// Two convolutions that read the same pixels, as one: the outputs of the second follow those of the first.
  ///
  /// - Parameter second: Has the geometry of the first.
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

  /// [N, inputs, H, W] to [N, outputs, H', W'], with what follows it in one step.
  ///
  /// - Parameters:
  ///   - addend: What is added to the result, in its shape; given up by the caller, it lends the result its memory.
  ///   - nonlinearity: What is done last.
  package func callAsFunction(
    _ x: Activation, adding addend: consuming Activation? = nil, then nonlinearity: Nonlinearity = .none
  ) throws -> Activation {
    try x.arithmetic.convolve(
      x, weights, stride: stride, padding: padding, dilation: dilation, groups: groups, adding: addend,
      then: nonlinearity)
  }
}
