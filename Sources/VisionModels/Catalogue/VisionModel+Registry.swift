public import ModelParameters

extension VisionModel {
  /// The model's parameters.
  ///
  /// - Parameter trainableLayers: How many stages of the ResNet train, 0 to 5, counted from its end; 3 for detectors
  ///   and backbones unless said, all of them for classifiers.
  /// - Throws: `outOfRange` for another number, or for any number where the model has no such stages.
  public func registry(trainableLayers: Int? = nil) throws(ParameterError) -> ParameterRegistry {
    let kind = type(of: configuration)
    guard let path = kind.resNetPath else {
      if trainableLayers == nil { return configuration.registry }
      throw ParameterError(
        .outOfRange, "\(name) has no ResNet backbone, so layers cannot be frozen by number.",
        remedy: "use patterns: --freeze (FreezeRule.freezing)")
    }
    let rule = try FreezeRule.backbone(trainableLayers: trainableLayers ?? kind.usualTrainableLayers, at: path)
    return configuration.registry.freezing(rule)
  }
}
