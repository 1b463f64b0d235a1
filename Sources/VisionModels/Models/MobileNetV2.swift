public import ModelParameters

/// A small network for mobile devices; torchvision's `MobileNetV2` of width 1 (`models/mobilenetv2.py`).
public struct MobileNetV2: LoadableModel {
  /// The configuration of a MobileNetV2.
  public struct Configuration: Hashable, Sendable {
    /// The number of classes.
    public var classCount = 1000
    /// The normalization.
    public var normLayer = NormLayer.batchNorm2d

    /// Creates the configuration of torchvision's published weights.
    public init() {}
  }

  /// Runs of equal blocks: by how much a block widens, its outputs, how many blocks, the first one's stride.
  private static let runs = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  /// The 3×3 convolution at stride 2, followed by ReLU6.
  public let stem: ConvNorm
  /// The 17 blocks.
  public let blocks: [InvertedResidual]
  /// The 1×1 convolution to 1280 channels, followed by ReLU6 and average pooling.
  public let head: ConvNorm
  /// The classifier.
  public let classifier: Linear

  /// Declares or loads the network.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    let features = scope / "features"
    let norm = configuration.normLayer
    stem = ConvNorm(
      inputChannels: 3, outputChannels: 32, kernelSize: 3, stride: 2, norm: norm, in: features / 0 / 0, features / 0 / 1
    )
    var blocks: [InvertedResidual] = []
    var channels = 32
    for (widening, outputs, count, stride) in Self.runs {
      for block in 0..<count {
        blocks.append(
          InvertedResidual(
            channels, outputs, widening: widening, stride: block == 0 ? stride : 1, norm: norm,
            in: features / (blocks.count + 1) / "conv"))
        channels = outputs
      }
    }
    self.blocks = blocks
    let last = features / (blocks.count + 1)
    head = ConvNorm(inputChannels: channels, outputChannels: 1280, kernelSize: 1, norm: norm, in: last / 0, last / 1)
    classifier = Linear(1280, configuration.classCount, in: scope / "classifier" / 1)
  }
}
