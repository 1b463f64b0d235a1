public import ModelParameters

/// The result of torchvision's `fasterrcnn_resnet50_fpn`: the model, its initial weights, and what trains.
///
///     let plan = try fasterRCNNResNet50FPN(pretrained: true, trainableBackboneLayers: 2)
///     let model = try FasterRCNN(plan.configuration, loading: plan.registry.match(weights))
///     plan.registry.frozenNames
public struct FasterRCNNPlan: Sendable {
  /// Weights that torchvision publishes.
  public struct PublishedWeights: Hashable, Sendable {
    /// The file name at download.pytorch.org/models and in torch's cache.
    public let fileName: String
    /// The path of the part of the model that they are for; empty for the whole model.
    public let path: String
  }

  /// The model.
  public let configuration: FasterRCNN.Configuration
  /// The initial weights; nil if there are none.
  public let weights: PublishedWeights?
  /// The rule for freezing parameters after loading.
  public let freezing: FreezeRule

  /// The parameters of the model, frozen according to the plan.
  public var registry: ParameterRegistry {
    ParameterRegistry(of: FasterRCNN.self, configuration).freezing(freezing)
  }
}

/// Plans a Faster R-CNN with a ResNet-50 backbone, with the options of torchvision's function (pytorch/vision#2160).
///
/// If neither the model nor its backbone is pretrained, nothing is frozen, because frozen noise learns nothing. A
/// pretrained model includes the weights of its backbone, so no others are loaded.
///
/// - Parameters:
///   - pretrained: Whether the whole model begins with the COCO weights of 2019.
///   - pretrainedBackbone: Whether the ResNet begins with ImageNet weights.
///   - numClasses: The number of classes, including the background.
///   - trainableBackboneLayers: The number of ResNet stages that train, counted from the end.
///   - normLayer: The normalization. Its epsilon is 0 with the COCO weights, which were trained that way (torchvision's
///     `overwrite_eps`).
/// - Throws: `outOfRange` unless the number of layers is 0 to 5, pretrained or not.
public func fasterRCNNResNet50FPN(
  pretrained: Bool = false, pretrainedBackbone: Bool = true, numClasses: Int = 91, trainableBackboneLayers: Int = 3,
  normLayer: NormLayer = .frozenBatchNorm2d
) throws(ParameterError) -> FasterRCNNPlan {
  let asked = try FreezeRule.backbone(trainableLayers: trainableBackboneLayers)
  var normLayer = normLayer
  if pretrained, normLayer.kind == .frozenBatchNorm2d { normLayer.eps = 0 }
  let weights: FasterRCNNPlan.PublishedWeights? =
    if pretrained {
      .init(fileName: "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", path: "")
    } else if pretrainedBackbone {
      .init(fileName: "resnet50-0676ba61.pth", path: "backbone.body")
    } else {
      nil
    }
  return FasterRCNNPlan(
    configuration: FasterRCNN.Configuration(.resnet50, classCount: numClasses, normLayer: normLayer),
    weights: weights, freezing: weights == nil ? FreezeRule() : asked)
}
