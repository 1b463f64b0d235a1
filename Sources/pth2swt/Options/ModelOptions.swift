import ArgumentParser
import ModelParameters
import StateDicts
import Subcommands
import VisionModels

/// Options for the configuration of a model.
struct ModelOptions: ParsableArguments {
  @OptionGroup var classes: ClassCountOption

  @Option(
    help: "FrozenBatchNorm2d (detectors) or BatchNorm2d (others).",
    completion: .list(NormLayer.Kind.allCases.map(\.rawValue)),
    transform: { text in
      guard let kind = NormLayer.Kind(rawValue: text) else {
        throw ValidationError("must be one of \(NormLayer.Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      return kind
    })
  var normLayer: NormLayer.Kind?

  @Option(
    help: ArgumentHelp(
      "Trainable ResNet stages, 0 to 5 (detector default: 3).", valueName: "n"))
  var trainableLayers: Int?

  @Option(
    help: ArgumentHelp("Freeze matching parameters, e.g. 'backbone.*'.", valueName: "pattern"),
    transform: { NamePattern($0) })
  var freeze: [NamePattern] = []

  @Option(
    help: ArgumentHelp("Train matching parameters, even if frozen.", valueName: "pattern"),
    transform: { NamePattern($0) })
  var train: [NamePattern] = []

  /// Returns the registry of a model, frozen according to the options.
  func registry(of name: String) throws -> ParameterRegistry {
    let model = try VisionModel(
      named: .init(rawValue: name), classCount: classes.numClasses, normLayer: normLayer.map { NormLayer($0) })
    return try model.registry(trainableLayers: trainableLayers).freezing(rule)
  }

  /// Matches weights with a model, frozen according to the options.
  ///
  /// - Parameter name: The model's name; nil to infer it from the weights.
  func fit(_ stateDict: StateDict, as name: String?, _ matching: MatchingOptions) throws -> ModelFit {
    try ModelFit(
      stateDict, as: name.map { VisionModel.Name(rawValue: $0) }, classCount: classes.numClasses, normLayer: normLayer,
      trainableLayers: trainableLayers,
      freezing: rule, options: matching.options(for: stateDict))
  }

  private var rule: FreezeRule { FreezeRule([.init(.freeze, freeze), .init(.train, train)]) }
}
