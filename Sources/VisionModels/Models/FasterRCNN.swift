public import ModelParameters

/// A detector in two stages; torchvision's `FasterRCNN` over a feature pyramid (`models/detection/faster_rcnn.py`).
public struct FasterRCNN: LoadableModel {
  /// What tells one detector from another.
  public struct Configuration: Hashable, Sendable {
    /// The network that makes the feature maps.
    public var backbone: BackboneWithFPN.Configuration
    /// How many classes there are, the background (class 0) among them.
    public var classCount: Int
    /// How many anchors lie at each place of a feature map: one size a level, in three shapes.
    public var anchorCount = 3
    /// The side of the window that a region of interest is brought to.
    public var regionSize = 7
    /// How many numbers describe a region within the box head.
    public var representationSize = 1024

    /// Creates a configuration over a ResNet.
    public init(
      _ body: ResNet.Configuration, classCount: Int = 91, normLayer: NormLayer = .frozenBatchNorm2d
    ) {
      backbone = BackboneWithFPN.Configuration(body, normLayer: normLayer)
      self.classCount = classCount
    }
  }

  /// The feature maps.
  public let backbone: BackboneWithFPN
  /// What proposes regions on them.
  public let rpnHead: RPNHead
  /// What describes a region.
  public let boxHead: TwoMLPHead
  /// What classifies it and corrects its box.
  public let boxPredictor: FastRCNNPredictor

  /// Declares or loads the detector.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    let channels = configuration.backbone.channelCount
    let size = configuration.representationSize
    let roiHeads = scope / "roi_heads"
    backbone = BackboneWithFPN(configuration.backbone, in: scope / "backbone")
    rpnHead = RPNHead(channels, anchorCount: configuration.anchorCount, in: scope / "rpn" / "head")
    boxHead = TwoMLPHead(
      channels * configuration.regionSize * configuration.regionSize, size, in: roiHeads / "box_head")
    boxPredictor = FastRCNNPredictor(size, classCount: configuration.classCount, in: roiHeads / "box_predictor")
  }
}
