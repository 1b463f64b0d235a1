public import ModelParameters

extension VisionModel {
  /// The model's parameters.
  ///
  /// - Parameter trainableLayers: How many stages of the ResNet train, 0 to 5, counted from its end; 3 for detectors
  ///   and backbones unless said, all of them for classifiers.
  /// - Throws: `outOfRange` for another number, or for any number where the model has no such stages.
  public func registry(trainableLayers: Int? = nil) throws(ParameterError) -> ParameterRegistry {
    switch architecture {
    case .resNet(let configuration):
      let registry = ParameterRegistry(of: ResNet.self, configuration)
      return registry.freezing(try .backbone(trainableLayers: trainableLayers ?? 5, at: ""))
    case .mobileNetV2(let configuration):
      guard trainableLayers == nil else {
        throw ParameterError(
          .outOfRange, "\(name) has no ResNet backbone, so layers cannot be frozen by number.",
          remedy: "use patterns: --freeze (FreezeRule.freezing)")
      }
      return ParameterRegistry(of: MobileNetV2.self, configuration)
    case .backbone(let configuration):
      let registry = ParameterRegistry(of: BackboneWithFPN.self, configuration)
      return registry.freezing(try .backbone(trainableLayers: trainableLayers ?? 3, at: "body"))
    case .fasterRCNN(let configuration):
      let registry = ParameterRegistry(of: FasterRCNN.self, configuration)
      return registry.freezing(try .backbone(trainableLayers: trainableLayers ?? 3))
    }
  }
}
