extension ResNet.Configuration {
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
