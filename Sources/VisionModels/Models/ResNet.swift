public import ModelParameters

/// A residual network; torchvision's `ResNet` (`models/resnet.py`).
public struct ResNet: LoadableModel {
  /// The configuration of a ResNet.
  public struct Configuration: Hashable, Sendable {
    /// The kind of block.
    public var block: ResidualBlock.Kind
    /// The number of blocks in each of the four stages.
    public var blockCounts: [Int]
    /// The number of groups of the 3×3 convolutions in bottlenecks.
    public var groups = 1
    /// The number of channels per group in the first stage.
    public var widthPerGroup = 64
    /// The normalization.
    public var normLayer = NormLayer.batchNorm2d
    /// The number of classes; nil without a classifier, as in a detector's backbone.
    public var classCount: Int? = 1000

    /// Returns the number of output channels of a stage, counted from 1.
    public func channelCount(ofStage stage: Int) -> Int { 32 << stage * block.expansion }
  }

  /// The 7×7 convolution at stride 2, followed by ReLU and 3×3 max pooling at stride 2.
  public let stem: ConvNorm
  /// The four stages; each except the first halves the size of the image.
  public let layers: [[ResidualBlock]]
  /// The classifier on the average of the last stage; nil in a backbone.
  public let fc: Linear?

  /// Declares or loads the network.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    stem = ConvNorm(
      inputChannels: 3, outputChannels: 64, kernelSize: 7, stride: 2, norm: configuration.normLayer,
      in: scope / "conv1", scope / "bn1")
    layers = zip(1..., configuration.blockCounts).map { stage, count in
      let outputs = configuration.channelCount(ofStage: stage)
      let inputs = stage == 1 ? 64 : configuration.channelCount(ofStage: stage - 1)
      return (0..<count).map { block in
        ResidualBlock(
          block == 0 ? inputs : outputs, planes: 32 << stage, stride: block == 0 && stage > 1 ? 2 : 1, configuration,
          in: scope / "layer\(stage)" / block)
      }
    }
    fc = configuration.classCount.map { Linear(configuration.channelCount(ofStage: 4), $0, in: scope / "fc") }
  }
}
