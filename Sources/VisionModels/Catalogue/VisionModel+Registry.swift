public import ModelParameters

extension VisionModel {
  /// Returns the parameters of the model.
  ///
  /// - Parameter trainableLayers: The number of ResNet stages that train, 0 to 5, counted from the end (default: 3 for
  ///   detectors and backbones, all for classifiers).
  /// - Throws: `outOfRange` for another number, or for any number if the model has no such stages.
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
