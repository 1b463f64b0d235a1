public import ModelParameters
public import StateDicts

/// A convolution over images in NCHW order; torch's `nn.Conv2d` with square kernels and zero padding.
public struct Conv2d: Sendable {
  /// The weight, [outputChannels, inputChannels / groups, kernelSize, kernelSize].
  public let weight: Tensor
  /// The bias, [outputChannels]; nil if a normalization follows.
  public let bias: Tensor?
  /// The side length of the kernel.
  public let kernelSize: Int
  /// The distance of neighbouring windows.
  public let stride: Int
  /// The number of rows and columns of zeros at each border.
  public let padding: Int
  /// The distance of neighbouring kernel elements.
  public let dilation: Int
  /// The number of groups of channels, which are convolved separately.
  public let groups: Int

  /// Declares or loads the convolution.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, in scope: ParameterScope
  ) {
    weight = scope.parameter(
      "weight", outputChannels, inputChannels / groups, kernelSize, kernelSize, convolution: .convolution)
    self.bias = bias ? scope.parameter("bias", outputChannels) : nil
    self.kernelSize = kernelSize
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }
}
