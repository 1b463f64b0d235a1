public import StateDicts

/// A model whose initializer both declares and loads its tensors.
public protocol LoadableModel: Sendable {
  /// What tells one model of this type from another: depth, widths, the number of classes.
  associatedtype Configuration: Sendable

  /// Declares every tensor in the order of torch's `state_dict()`, and keeps what the scope hands out.
  init(_ configuration: Configuration, in scope: ParameterScope)
}

extension LoadableModel {
  /// Loads the model.
  ///
  ///     let match = ParameterRegistry(of: FasterRCNN.self, configuration).match(weights)
  ///     let model = try FasterRCNN(configuration, loading: match)
  ///
  /// - Throws: `MatchError` with the whole report if the match is not acceptable by its options; `ParameterError`
  ///   `otherModel` if it is for another configuration.
  public init(_ configuration: Configuration, loading match: Match) throws {
    try match.validate()
    let declarations = Declarations(loading: match)
    self.init(configuration, in: ParameterScope(declarations))
    try declarations.finish()
  }

  /// Loads the model from a state dict that must match exactly.
  ///
  /// - Throws: The errors of `init(_:loading:)` with a match.
  public init(_ configuration: Configuration, loading stateDict: StateDict) throws {
    try self.init(configuration, loading: ParameterRegistry(of: Self.self, configuration).match(stateDict))
  }
}

extension ParameterRegistry {
  /// Creates the registry of a model by running its initializer, without allocating tensors.
  public init<Model: LoadableModel>(of type: Model.Type, _ configuration: Model.Configuration) {
    let declarations = Declarations()
    _ = Model(configuration, in: ParameterScope(declarations))
    self.init(specs: declarations.specs, places: declarations.places, model: "\(type)")
  }
}
