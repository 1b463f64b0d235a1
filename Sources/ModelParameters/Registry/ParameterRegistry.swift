import StateDicts

/// The tensors of a model in the order of torch's `state_dict()`: names, shapes, dtypes and roles, without values.
///
///     let registry = ParameterRegistry(of: FasterRCNN.self, configuration)
///     let match = registry.match(try loadStateDict(url: url))
///     registry.freezing(try .backbone(trainableLayers: 3)).frozenNames
///
/// A registry is made from the declaration of a model or, with `init(_:model:)`, from any list of tensors.
public struct ParameterRegistry: Sendable {
  /// All specifications in order, including those with the role `ignored`.
  public let specs: [ParameterSpec]
  /// The name of the model in reports.
  public let model: String
  let places: [ExactName: Int]

  /// Creates a registry from any list of specifications.
  ///
  /// - Throws: `duplicateName` if a name occurs twice.
  public init(_ specs: some Sequence<ParameterSpec>, model: String = "the model") throws(ParameterError) {
    let specs = Array(specs)
    var places = [ExactName: Int](minimumCapacity: specs.count)
    for (place, spec) in specs.enumerated() where places.updateValue(place, forKey: ExactName(spec.name)) != nil {
      throw ParameterError(.duplicateName, "Duplicate parameter name: \(spec.name).")
    }
    self.init(specs: specs, places: places, model: model)
  }

  init(specs: [ParameterSpec], places: [ExactName: Int], model: String) {
    self.specs = specs
    self.places = places
    self.model = model
  }

  /// The specification with a name, if there is one.
  ///
  /// - Complexity: O(1).
  public subscript(name: String) -> ParameterSpec? { places[ExactName(name)].map { specs[$0] } }

  /// The parameters and buffers, as in torch's `state_dict()`, in order.
  public var held: [ParameterSpec] { specs.filter { $0.role != .ignored } }

  /// Returns the registry with another model name.
  public func named(_ model: String) -> ParameterRegistry {
    ParameterRegistry(specs: specs, places: places, model: model)
  }

  func mapping(_ change: (inout ParameterSpec) -> Void) -> ParameterRegistry {
    var specs = specs
    for place in specs.indices { change(&specs[place]) }
    return ParameterRegistry(specs: specs, places: places, model: model)
  }
}

extension ParameterRegistry: Equatable {
  /// Whether both have the same specifications, whatever the names of the models.
  public static func == (left: Self, right: Self) -> Bool { left.specs == right.specs }
}
