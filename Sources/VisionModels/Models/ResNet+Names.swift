extension ResNet.Configuration {
  /// The nine ResNets with torchvision's names, in torchvision's order.
  public static let named: [(name: String, configuration: ResNet.Configuration)] = [
    ("resnet18", .init(block: .basic, blockCounts: [2, 2, 2, 2])),
    ("resnet34", .init(block: .basic, blockCounts: [3, 4, 6, 3])),
    ("resnet50", .resnet50),
    ("resnet101", .resnet101),
    ("resnet152", .init(block: .bottleneck, blockCounts: [3, 8, 36, 3])),
    ("resnext50_32x4d", .init(block: .bottleneck, blockCounts: [3, 4, 6, 3], groups: 32, widthPerGroup: 4)),
    ("resnext101_32x8d", .init(block: .bottleneck, blockCounts: [3, 4, 23, 3], groups: 32, widthPerGroup: 8)),
    ("wide_resnet50_2", .init(block: .bottleneck, blockCounts: [3, 4, 6, 3], widthPerGroup: 128)),
    ("wide_resnet101_2", .init(block: .bottleneck, blockCounts: [3, 4, 23, 3], widthPerGroup: 128)),
  ]

  /// ResNet-50.
  public static let resnet50 = Self(block: .bottleneck, blockCounts: [3, 4, 6, 3])
  /// ResNet-101.
  public static let resnet101 = Self(block: .bottleneck, blockCounts: [3, 4, 23, 3])

  /// Returns the configuration of the network as a backbone, without its last layer.
  public func asBackbone(normLayer: NormLayer) -> Self {
    var backbone = self
    backbone.normLayer = normLayer
    backbone.classCount = nil
    return backbone
  }
}
