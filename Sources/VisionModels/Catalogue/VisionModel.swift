public import ModelParameters

/// A model of the catalogue, by torchvision's name.
///
///     let model = try VisionModel(named: "fasterrcnn_resnet50_fpn")
///     let registry = try model.registry(trainableLayers: 3)
public struct VisionModel: Sendable {
  /// The kind of model, with its configuration.
  public enum Architecture: Sendable {
    case resNet(ResNet.Configuration)
    case mobileNetV2(MobileNetV2.Configuration)
    case backbone(BackboneWithFPN.Configuration)
    case fasterRCNN(FasterRCNN.Configuration)
  }

  /// torchvision's name: `resnet50`, `fasterrcnn_resnet50_fpn`.
  public let name: String
  /// The kind of model.
  public let architecture: Architecture

  /// Creates the model with a name, by default as torchvision builds it.
  ///
  /// - Parameters:
  ///   - name: torchvision's name.
  ///   - classCount: The number of classes, including a detector's background (default: 91 for detectors, 1000 for
  ///     classifiers).
  ///   - normLayer: The normalization (default: frozen for detectors and backbones, plain for classifiers).
  /// - Throws: `unknownModel`, with the most similar names.
  public init(
    named name: String, classCount: Int? = nil, normLayer: NormLayer? = nil
  ) throws(ParameterError) {
    guard var model = Self.all.first(where: { $0.name == name }) else { throw .unknownModel(name) }
    if let classCount, classCount < 1 {
      throw ParameterError(.outOfRange, "The number of classes must be at least 1, not \(classCount).")
    }
    switch model.architecture {
    case .resNet(var configuration):
      if let classCount { configuration.classCount = classCount }
      if let normLayer { configuration.normLayer = normLayer }
      model = VisionModel(name, .resNet(configuration))
    case .mobileNetV2(var configuration):
      if let classCount { configuration.classCount = classCount }
      if let normLayer { configuration.normLayer = normLayer }
      model = VisionModel(name, .mobileNetV2(configuration))
    case .backbone(var configuration):
      if let normLayer { configuration.body.normLayer = normLayer }
      model = VisionModel(name, .backbone(configuration))
    case .fasterRCNN(var configuration):
      if let classCount { configuration.classCount = classCount }
      if let normLayer { configuration.backbone.body.normLayer = normLayer }
      model = VisionModel(name, .fasterRCNN(configuration))
    }
    self = model
  }

  init(_ name: String, _ architecture: Architecture) {
    self.name = name
    self.architecture = architecture
  }

  /// All models: the classifiers, then the backbones with a feature pyramid, then the detectors.
  public static let all: [VisionModel] = {
    let bodies = ResNet.Configuration.named
    return bodies.map { VisionModel($0.name, .resNet($0.configuration)) }
      + [VisionModel("mobilenet_v2", .mobileNetV2(.init()))]
      + bodies.map { VisionModel("\($0.name)_fpn_backbone", .backbone(.init($0.configuration))) }
      + bodies.map { VisionModel("fasterrcnn_\($0.name)_fpn", .fasterRCNN(.init($0.configuration))) }
  }()
}

extension ParameterError.Code {
  /// There is no model with this name.
  public static let unknownModel = Self(rawValue: "unknownModel")
}

extension ParameterError {
  fileprivate static func unknownModel(_ name: String) -> ParameterError {
    let near = closestNames(to: name, among: VisionModel.all.map(\.name))
    return ParameterError(
      .unknownModel, "Unknown model: \(name).",
      remedy: near.isEmpty ? "pth2swt registry lists the models" : near.joined(separator: ", "))
  }
}
