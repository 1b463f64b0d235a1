public import ModelParameters

/// What torchvision's `fasterrcnn_resnet50_fpn` would build: which model, from which weights, and what of it trains.
///
///     let plan = try fasterRCNNResNet50FPN(pretrained: true, trainableBackboneLayers: 2)
///     let model = try FasterRCNN(plan.configuration, loading: plan.registry.match(weights))
///     plan.registry.frozenNames
public struct FasterRCNNPlan: Sendable {
  /// Weights that torchvision publishes, by the name of their file.
  public struct PublishedWeights: Hashable, Sendable {
    /// The file's name, as it stands at download.pytorch.org/models and in torch's cache.
    public let fileName: String
    /// The path in the model that they are for; empty for the whole model.
    public let path: String
  }

  /// The model.
  public let configuration: FasterRCNN.Configuration
  /// The weights to begin with; nil for a model that begins with none.
  public let weights: PublishedWeights?
  /// What is frozen once they are loaded.
  public let freezing: FreezeRule

  /// The model's parameters, frozen as the plan says.
  public var registry: ParameterRegistry {
    ParameterRegistry(of: FasterRCNN.self, configuration).freezing(freezing)
  }
}

/// Plans a Faster R-CNN over ResNet-50 as the notebook that this project began with has it (pytorch/vision#2160).
///
/// Where neither the model nor its backbone is pretrained, nothing is frozen: frozen noise learns nothing. A pretrained
/// model brings its backbone's weights, so none are loaded for it.
///
/// - Parameters:
///   - pretrained: Whether the whole model begins with the COCO weights of 2019.
///   - pretrainedBackbone: Whether the ResNet begins with ImageNet's weights.
///   - numClasses: How many classes, the background among them.
///   - trainableBackboneLayers: How many stages of the ResNet train, counted from its end.
///   - normLayer: The normalization. Its epsilon is 0 with the COCO weights, which were trained so (torchvision's
///     `overwrite_eps`).
/// - Throws: `outOfRange` for other numbers of layers than 0 to 5, pretrained or not.
public func fasterRCNNResNet50FPN(
  pretrained: Bool = false, pretrainedBackbone: Bool = true, numClasses: Int = 91, trainableBackboneLayers: Int = 3,
  normLayer: NormLayer = .frozenBatchNorm2d
) throws(ParameterError) -> FasterRCNNPlan {
  let asked = try FreezeRule.backbone(trainableLayers: trainableBackboneLayers)
  var normLayer = normLayer
  if pretrained, normLayer.kind == .frozenBatchNorm2d { normLayer.epsilon = 0 }
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
