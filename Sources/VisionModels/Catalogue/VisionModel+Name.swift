extension VisionModel {
  /// A model's name in torchvision, such as `resnet50`.
  ///
  /// The names of the catalogue are constants. `VisionModel.init(named:)` throws for other names.
  public struct Name: RawRepresentable, ExpressibleByStringLiteral, Hashable, Codable, Sendable {
    /// The name as a string.
    public let rawValue: String

    /// Creates a name from a string.
    public init(rawValue: String) {
      self.rawValue = rawValue
    }

    /// Creates a name from a literal.
    public init(stringLiteral text: String) {
      rawValue = text
    }
  }
}

extension VisionModel.Name: CustomStringConvertible {
  /// The name as a string.
  public var description: String { rawValue }
}

extension VisionModel.Name {
  // Classifiers.

  /// `resnet18`.
  public static let resNet18: Self = "resnet18"
  /// `resnet34`.
  public static let resNet34: Self = "resnet34"
  /// `resnet50`.
  public static let resNet50: Self = "resnet50"
  /// `resnet101`.
  public static let resNet101: Self = "resnet101"
  /// `resnet152`.
  public static let resNet152: Self = "resnet152"
  /// `resnext50_32x4d`.
  public static let resNeXt50x32x4d: Self = "resnext50_32x4d"
  /// `resnext101_32x8d`.
  public static let resNeXt101x32x8d: Self = "resnext101_32x8d"
  /// `wide_resnet50_2`.
  public static let wideResNet50x2: Self = "wide_resnet50_2"
  /// `wide_resnet101_2`.
  public static let wideResNet101x2: Self = "wide_resnet101_2"
  /// `mobilenet_v2`.
  public static let mobileNetV2: Self = "mobilenet_v2"

  // Backbones with a feature pyramid.

  /// `resnet18_fpn_backbone`.
  public static let resNet18FPNBackbone: Self = "resnet18_fpn_backbone"
  /// `resnet34_fpn_backbone`.
  public static let resNet34FPNBackbone: Self = "resnet34_fpn_backbone"
  /// `resnet50_fpn_backbone`.
  public static let resNet50FPNBackbone: Self = "resnet50_fpn_backbone"
  /// `resnet101_fpn_backbone`.
  public static let resNet101FPNBackbone: Self = "resnet101_fpn_backbone"
  /// `resnet152_fpn_backbone`.
  public static let resNet152FPNBackbone: Self = "resnet152_fpn_backbone"
  /// `resnext50_32x4d_fpn_backbone`.
  public static let resNeXt50x32x4dFPNBackbone: Self = "resnext50_32x4d_fpn_backbone"
  /// `resnext101_32x8d_fpn_backbone`.
  public static let resNeXt101x32x8dFPNBackbone: Self = "resnext101_32x8d_fpn_backbone"
  /// `wide_resnet50_2_fpn_backbone`.
  public static let wideResNet50x2FPNBackbone: Self = "wide_resnet50_2_fpn_backbone"
  /// `wide_resnet101_2_fpn_backbone`.
  public static let wideResNet101x2FPNBackbone: Self = "wide_resnet101_2_fpn_backbone"

  // Detectors.

  /// `fasterrcnn_resnet18_fpn`.
  public static let fasterRCNNResNet18FPN: Self = "fasterrcnn_resnet18_fpn"
  /// `fasterrcnn_resnet34_fpn`.
  public static let fasterRCNNResNet34FPN: Self = "fasterrcnn_resnet34_fpn"
  /// `fasterrcnn_resnet50_fpn`.
  public static let fasterRCNNResNet50FPN: Self = "fasterrcnn_resnet50_fpn"
  /// `fasterrcnn_resnet101_fpn`.
  public static let fasterRCNNResNet101FPN: Self = "fasterrcnn_resnet101_fpn"
  /// `fasterrcnn_resnet152_fpn`.
  public static let fasterRCNNResNet152FPN: Self = "fasterrcnn_resnet152_fpn"
  /// `fasterrcnn_resnext50_32x4d_fpn`.
  public static let fasterRCNNResNeXt50x32x4dFPN: Self = "fasterrcnn_resnext50_32x4d_fpn"
  /// `fasterrcnn_resnext101_32x8d_fpn`.
  public static let fasterRCNNResNeXt101x32x8dFPN: Self = "fasterrcnn_resnext101_32x8d_fpn"
  /// `fasterrcnn_wide_resnet50_2_fpn`.
  public static let fasterRCNNWideResNet50x2FPN: Self = "fasterrcnn_wide_resnet50_2_fpn"
  /// `fasterrcnn_wide_resnet101_2_fpn`.
  public static let fasterRCNNWideResNet101x2FPN: Self = "fasterrcnn_wide_resnet101_2_fpn"
}
