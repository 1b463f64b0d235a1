import ArgumentParser
import ModelParameters
import StateDicts

/// What is done with a state dict for the sake of a model before it is written.
struct ModellingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Hold the tensors against this model first, write them in its order, and keep what is a buffer and what is frozen.",
      valueName: "name"),
    completion: .model)
  var model: String?

  @OptionGroup(title: "Model options") var options: ModelOptions
  @OptionGroup(title: "Model options") var renaming: RenamingOptions
  @OptionGroup(title: "Model options") var strictness: StrictnessOptions

  /// The state dict as it is to be written, and what is to be kept beside it.
  ///
  /// Elements stay of the type that they are: a conversion is asked for elsewhere, or done when the model is loaded.
  func apply(to stateDict: StateDict) throws -> (stateDict: StateDict, annotations: [JSONValue.Member]) {
    let map = try renaming.keyMap()
    guard let model else {
      return (map.renamings.isEmpty ? stateDict : try stateDict.renamed(by: map), [])
    }
    let registry = try options.registry(of: model)
    let match = registry.match(stateDict, options: strictness.options(map))
    try match.validate()
    return (try match.arranged(), registry.annotations(naming: model))
  }
}
