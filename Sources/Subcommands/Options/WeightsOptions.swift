import ArgumentParser
import ModelParameters
import StateDicts
package import TorchCheckpoints
package import VisionModels

/// What every subcommand that runs a model takes, to find the model of its weights.
package struct WeightsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Model name (default: inferred from the weights).", valueName: "name"), completion: .model)
  var model: String?

  @OptionGroup var classes: ClassCountOption

  @Option(
    help: ArgumentHelp(
      "Epsilon of the normalizations (default: 0 for the COCO weights of 2019, 258fb6c6, else 1e-5).", valueName: "eps")
  )
  var eps: Float?

  @OptionGroup var key: KeyOption
  @OptionGroup var matching: MatchingOptions

  package init() {}

  /// The weights of a checkpoint, held against their model.
  package func fit(_ checkpoint: Checkpoint, trainableLayers: Int? = nil) throws -> ModelFit {
    let stateDict = try checkpoint.stateDict(key: key.key)
    return try ModelFit(
      stateDict, as: model.map { VisionModel.Name(rawValue: $0) }, classCount: classes.numClasses, eps: eps,
      trainableLayers: trainableLayers,
      options: matching.options(for: stateDict))
  }
}
