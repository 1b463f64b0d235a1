public import ModelParameters

/// A model of the catalogue, by torchvision's name.
///
///     let model = try VisionModel(named: .fasterRCNNResNet50FPN)
///     let registry = try model.registry(trainableLayers: 3)
public struct VisionModel: Sendable {
  /// torchvision's name: `resnet50`, `fasterrcnn_resnet50_fpn`.
  public let name: Name
  /// The configuration of the model, whose type is the kind of model.
  public let configuration: any ModelConfiguration

  /// Creates the model with a name, by default as torchvision builds it.
  ///
  /// - Parameters:
  ///   - name: torchvision's name.
  ///   - classCount: The number of classes, including a detector's background (default: 91 for detectors, 1000 for
  ///     classifiers).
  ///   - normLayer: The normalization (default: frozen for detectors and backbones, plain for classifiers).
  /// - Throws: `unknownModel`, with the most similar names.
  public init(
    named name: Name, classCount: Int? = nil, normLayer: NormLayer? = nil
  ) throws(ParameterError) {
    guard let model = Self.all.first(where: { $0.name == name }) else { throw .unknownModel(name) }
    if let classCount, classCount < 1 {
      throw ParameterError(.outOfRange, "The number of classes must be at least 1, not \(classCount).")
    }
    var configuration = model.configuration
    if let classCount { configuration.numClasses = classCount }
    if let normLayer { configuration.normLayer = normLayer }
    self.init(name, configuration)
  }

  init(_ name: Name, _ configuration: any ModelConfiguration) {
    self.name = name
    self.configuration = configuration
  }

  /// All models: the classifiers, then the backbones with a feature pyramid, then the detectors.
  public static let all: [VisionModel] = {
    let bodies = ResNet.Configuration.named
    return bodies.map { VisionModel($0.name, $0.configuration) }
      + [VisionModel(.mobileNetV2, MobileNetV2.Configuration())]
      + bodies.map {
        VisionModel(Name(rawValue: "\($0.name)_fpn_backbone"), BackboneWithFPN.Configuration($0.configuration))
      }
      + bodies.map {
        VisionModel(Name(rawValue: "fasterrcnn_\($0.name)_fpn"), FasterRCNN.Configuration($0.configuration))
      }
  }()
}

extension ParameterError.Code {
  /// There is no model with this name.
  public static let unknownModel = Self(rawValue: "unknownModel")
}

extension ParameterError {
  fileprivate static func unknownModel(_ name: VisionModel.Name) -> ParameterError {
    let near = closestNames(to: name.rawValue, among: VisionModel.all.map(\.name.rawValue))
    return ParameterError(
      .unknownModel, "Unknown model: \(name).",
      remedy: near.isEmpty ? "pth2swt registry lists the models" : near.joined(separator: ", "))
  }
}
