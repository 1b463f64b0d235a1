import ArgumentParser
import ModelParameters
import StateDicts
package import TorchCheckpoints
package import VisionModels

/// Options of every subcommand that runs a model, for finding the model of its weights.
package struct WeightsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Model name (default: inferred from the weights).", valueName: "name"), completion: .model)
  var model: String?

  @OptionGroup var classes: ClassCountOption

  @Option(
    help: ArgumentHelp(
      "Normalization epsilon (default: 1e-5, 0 for 258fb6c6).", valueName: "eps")
  )
  var eps: Float?

  @OptionGroup var key: KeyOption
  @OptionGroup var matching: MatchingOptions

  package init() {}

  /// Matches the weights of a checkpoint with their model.
  package func fit(_ checkpoint: Checkpoint, trainableLayers: Int? = nil) throws -> ModelFit {
    let stateDict = try checkpoint.stateDict(key: key.key)
    return try ModelFit(
      stateDict, as: model.map { VisionModel.Name(rawValue: $0) }, classCount: classes.numClasses, eps: eps,
      trainableLayers: trainableLayers,
      options: matching.options(for: stateDict))
  }
}
