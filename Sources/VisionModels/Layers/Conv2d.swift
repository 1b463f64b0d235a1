public import ModelParameters
public import StateDicts

/// A convolution over images in NCHW order; torch's `nn.Conv2d` with square kernels and zero padding.
public struct Conv2d: Sendable {
  /// The weight, [outputs, inputs / groups, kernel, kernel].
  public let weight: Tensor
  /// The bias, [outputs]; nil if a normalization follows.
  public let bias: Tensor?
  /// The side length of the kernel.
  public let kernel: Int
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
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    bias: Bool = true, in scope: ParameterScope
  ) {
    weight = scope.parameter("weight", outputs, inputs / groups, kernel, kernel)
    self.bias = bias ? scope.parameter("bias", outputs) : nil
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }
}
