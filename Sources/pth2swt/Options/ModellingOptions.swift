import ArgumentParser
import ModelParameters
import StateDicts
import Subcommands
import VisionModels

/// Options for renaming a state dict and matching it with a model before it is written.
struct ModellingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Match with this model, and write in its order.",
      valueName: "name"),
    completion: .model)
  var model: String?

  @OptionGroup(title: "Model options") var options: ModelOptions
  @OptionGroup(title: "Model options") var matching: MatchingOptions

  /// Returns the state dict to write, and the annotations for its metadata.
  ///
  /// Dtypes are not changed; tensors are converted when the model is loaded.
  func apply(to stateDict: StateDict) throws -> (stateDict: StateDict, annotations: JSONObject) {
    guard let model else {
      let map = try matching.keyMap(for: stateDict)
      return (map.renamings.isEmpty ? stateDict : try stateDict.renamed(by: map), [:])
    }
    let match = try options.fit(stateDict, as: model, matching).match
    try match.validate()
    return (try match.arranged(), match.registry.annotations(naming: model))
  }
}
