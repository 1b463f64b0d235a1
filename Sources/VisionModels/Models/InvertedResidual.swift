public import ModelParameters

/// An expansion, a depthwise convolution and a projection; torchvision's `InvertedResidual`.
public struct InvertedResidual: Sendable {
  /// The 1×1 convolution that adds channels, followed by ReLU6; nil if none are added.
  public let expansion: ConvNorm?
  /// The 3×3 convolution of each channel, followed by ReLU6.
  public let depthwise: ConvNorm
  /// The 1×1 convolution that reduces channels, without nonlinearity.
  public let projection: ConvNorm
  /// Whether the input is added to the output.
  public let isResidual: Bool

  /// Declares or loads the block.
  public init(
    _ inputs: Int, _ outputs: Int, widening: Int, stride: Int, norm: NormLayer, in scope: ParameterScope
  ) {
    let width = inputs * widening
    let first = widening == 1 ? 0 : 1
    expansion =
      widening == 1
      ? nil
      : ConvNorm(
        inputChannels: inputs, outputChannels: width, kernelSize: 1, norm: norm, in: scope / 0 / 0, scope / 0 / 1)
    depthwise = ConvNorm(
      inputChannels: width, outputChannels: width, kernelSize: 3, stride: stride, groups: width, norm: norm,
      in: scope / first / 0, scope / first / 1)
    projection = ConvNorm(
      inputChannels: width, outputChannels: outputs, kernelSize: 1, norm: norm, in: scope / (first + 1),
      scope / (first + 2))
    isResidual = stride == 1 && inputs == outputs
  }
}
