public import ModelParameters

/// A two-stage detector; torchvision's `FasterRCNN` with a feature pyramid (`models/detection/faster_rcnn.py`).
public struct FasterRCNN: LoadableModel {
  /// The configuration of a detector.
  public struct Configuration: Hashable, Sendable {
    /// The configuration of the backbone.
    public var backbone: BackboneWithFPN.Configuration
    /// The number of classes, including the background (class 0).
    public var classCount: Int
    /// The number of anchors per position of a feature map: one size per level, in three aspect ratios.
    public var anchorCount = 3
    /// The side length of a pooled region.
    public var regionSize = 7
    /// The number of features of a region in the box head.
    public var representationSize = 1024

    /// Creates a configuration with a ResNet.
    public init(
      _ body: ResNet.Configuration, classCount: Int = 91, normLayer: NormLayer = .frozenBatchNorm2d
    ) {
      backbone = BackboneWithFPN.Configuration(body, normLayer: normLayer)
      self.classCount = classCount
    }
  }

  /// The backbone, which computes the feature maps.
  public let backbone: BackboneWithFPN
  /// The head that proposes regions.
  public let rpnHead: RPNHead
  /// The head that computes the features of a region.
  public let boxHead: TwoMLPHead
  /// The layers that classify a region and refine its box.
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
