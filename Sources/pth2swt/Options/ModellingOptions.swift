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

  /// Renames the tensors of a conversion, or puts them in the order of a model.
  ///
  /// - Returns: The registry of the model, if one is given.
  func apply(to mapping: inout Mapping) throws -> ParameterRegistry? {
    let stateDict = mapping.stateDict
    guard let model else {
      let map = try matching.keyMap(for: stateDict)
      if map.withoutEffect(on: stateDict.names).count < map.renamings.count { try mapping.apply([.rename(map)]) }
      return nil
    }
    let match = try options.fit(stateDict, as: model, matching).match
    try match.validate()
    let arrangement = match.arrangement()
    let kept = Set(arrangement.map(\.source))
    let dropped = stateDict.names.filter { !kept.contains($0) }
    let renamings = try arrangement.filter { $0.name != $0.source }.map {
      try KeyMap.Renaming(from: NamePattern($0.source), to: NamePattern($0.name))
    }
    try mapping.replace(
      with: match.arranged(),
      steps: (dropped.isEmpty ? [] : [.drop(dropped.map { NamePattern($0) })])
        + (renamings.isEmpty ? [] : [.rename(KeyMap(renamings))]))
    return match.registry
  }

  /// The annotations of a model for the metadata.
  func annotations(of registry: ParameterRegistry?) -> JSONObject {
    guard let model, let registry else { return [:] }
    return registry.annotations(naming: model)
  }
}
