public import ModelParameters

/// A residual block of two or three convolutions; torchvision's `BasicBlock` and `Bottleneck` (`models/resnet.py`).
public struct ResidualBlock: Sendable {
  /// The kind of block.
  public enum Kind: Sendable {
    /// Two 3×3 convolutions.
    case basic
    /// A 1×1 convolution that reduces channels, a 3×3 one, and a 1×1 one to four times the width.
    case bottleneck

    /// The ratio of output channels to the width of the block.
    public var expansion: Int { self == .basic ? 1 : 4 }
  }

  /// The convolutions in order, each followed by ReLU, the last after the addition.
  public let steps: [ConvNorm]
  /// The convolution that brings the input to the output's size and channels; nil if they are equal.
  public let downsample: ConvNorm?

  /// Declares or loads the block.
  ///
  /// The stride of a bottleneck is in its 3×3 convolution (ResNet "V1.5").
  public init(
    _ inputs: Int, planes: Int, stride: Int, _ configuration: ResNet.Configuration, in scope: ParameterScope
  ) {
    let norm = configuration.normLayer
    let outputs = planes * configuration.block.expansion
    func step(_ number: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1) -> ConvNorm {
      ConvNorm(
        inputChannels: inputs, outputChannels: outputs, kernelSize: kernel, stride: stride, groups: groups, norm: norm,
        in: scope / "conv\(number)", scope / "bn\(number)")
    }
    switch configuration.block {
    case .basic:
      steps = [step(1, inputs, planes, kernel: 3, stride: stride), step(2, planes, planes, kernel: 3)]
    case .bottleneck:
      let width = planes * configuration.widthPerGroup / 64 * configuration.groups
      steps = [
        step(1, inputs, width, kernel: 1),
        step(2, width, width, kernel: 3, stride: stride, groups: configuration.groups),
        step(3, width, outputs, kernel: 1),
      ]
    }
    let path = scope / "downsample"
    downsample =
      stride == 1 && inputs == outputs
      ? nil
      : ConvNorm(
        inputChannels: inputs, outputChannels: outputs, kernelSize: 1, stride: stride, norm: norm, in: path / 0,
        path / 1)
  }
}
