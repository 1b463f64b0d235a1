extension ResNet.Configuration {
  /// The nine ResNets with torchvision's names, in torchvision's order.
  public static let named: [(name: VisionModel.Name, configuration: ResNet.Configuration)] = [
    (.resNet18, .init(block: .basic, blockCounts: [2, 2, 2, 2])),
    (.resNet34, .init(block: .basic, blockCounts: [3, 4, 6, 3])),
    (.resNet50, .resnet50),
    (.resNet101, .resnet101),
    (.resNet152, .init(block: .bottleneck, blockCounts: [3, 8, 36, 3])),
    (.resNeXt50x32x4d, .init(block: .bottleneck, blockCounts: [3, 4, 6, 3], groups: 32, widthPerGroup: 4)),
    (.resNeXt101x32x8d, .init(block: .bottleneck, blockCounts: [3, 4, 23, 3], groups: 32, widthPerGroup: 8)),
    (.wideResNet50x2, .init(block: .bottleneck, blockCounts: [3, 4, 6, 3], widthPerGroup: 128)),
    (.wideResNet101x2, .init(block: .bottleneck, blockCounts: [3, 4, 23, 3], widthPerGroup: 128)),
  ]
}
