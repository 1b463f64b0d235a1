public import ModelParameters
import StateDicts

extension FreezeRule {
  /// Returns a rule that trains the last stages of a ResNet, of layer4, layer3, layer2, layer1 and conv1.
  ///
  /// This is torchvision's rule (`_resnet_fpn_extractor` in `models/detection/backbone_utils.py`): `bn1` is frozen with
  /// conv1, and nothing is frozen with five stages.
  ///
  /// - Parameters:
  ///   - trainableLayers: The number of stages that train, 0 to 5.
  ///   - body: The path of the ResNet (default: that of a detector).
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
