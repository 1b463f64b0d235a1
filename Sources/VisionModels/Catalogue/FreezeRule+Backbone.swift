public import ModelParameters
import StateDicts

extension FreezeRule {
  /// Which stages of a ResNet train, counted from its end: layer4, layer3, layer2, layer1, conv1.
  ///
  /// torchvision's rule (`_resnet_fpn_extractor` in `models/detection/backbone_utils.py`): a frozen stem's `bn1` is
  /// frozen with it, and with five stages nothing is.
  ///
  /// - Parameters:
  ///   - trainableLayers: How many stages train, 0 to 5.
  ///   - body: The path of the ResNet; a detector's, unless said.
  /// - Throws: `outOfRange` for any other number.
  public static func backbone(
    trainableLayers: Int, at body: String = "backbone.body"
  ) throws(ParameterError) -> FreezeRule {
    func patterns(_ modules: String...) -> [NamePattern] {
      modules.map { NamePattern(body.isEmpty ? "\($0).*" : "\(body).\($0).*") }
    }
    return try .stages(
      trainable: trainableLayers,
      of: [
        patterns("layer4"), patterns("layer3"), patterns("layer2"), patterns("layer1"), patterns("conv1", "bn1"),
      ],
      called: "backbone layers")
  }
}
