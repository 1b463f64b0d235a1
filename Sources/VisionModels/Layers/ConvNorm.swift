public import ModelParameters

/// A convolution without bias and a normalization, which run as one operation.
public struct ConvNorm: Sendable {
  /// The convolution.
  public let convolution: Conv2d
  /// The normalization of its outputs.
  public let normalization: any Normalization

  /// Declares or loads both, which torchvision names `conv1` and `bn1`, or 0 and 1 in a list.
  ///
  /// The padding keeps the size of an image at stride 1, as in all of these models.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: Int, stride: Int = 1, groups: Int = 1, norm: NormLayer,
    in convolutionScope: ParameterScope, _ normalizationScope: ParameterScope
  ) {
    convolution = Conv2d(
      inputChannels: inputChannels, outputChannels: outputChannels, kernelSize: kernelSize, stride: stride,
      padding: kernelSize / 2, groups: groups, bias: false, in: convolutionScope)
    normalization = norm(featureCount: outputChannels, in: normalizationScope)
  }
}
