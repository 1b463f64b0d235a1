public import ModelParameters

/// A ResNet with a feature pyramid over its stages; torchvision's `BackboneWithFPN`
/// (`models/detection/backbone_utils.py`).
public struct BackboneWithFPN: LoadableModel {
  /// The configuration of a backbone.
  public struct Configuration: Hashable, Sendable {
    /// The configuration of the network below the pyramid.
    public var body: ResNet.Configuration
    /// The number of channels of each level.
    public var channelCount = 256

    /// Creates a configuration with a ResNet, whose classifier is left out.
    public init(_ body: ResNet.Configuration, normLayer: NormLayer = .frozenBatchNorm2d) {
      self.body = body.asBackbone(normLayer: normLayer)
    }
  }

  /// The names of the output feature maps, the largest first: four levels, and the last one at half size.
  public static let outputNames = ["0", "1", "2", "3", "pool"]

  /// The network, whose four stages are the input of the pyramid.
  public let body: ResNet
  /// The pyramid.
  public let fpn: FeaturePyramid

  /// Declares or loads the backbone.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    body = ResNet(configuration.body, in: scope / "body")
    let channels = (1...4).map(configuration.body.channelCount(ofStage:))
    fpn = FeaturePyramid(channels, configuration.channelCount, in: scope / "fpn")
  }
}
