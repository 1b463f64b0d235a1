public import StateDicts

/// The names of a model's annotations in a `.swt` file, under `swt.`.
private enum Annotation {
  static let model = "model"
  static let buffers = "buffers"
  static let ignored = "ignored"
  static let frozen = "frozen"
}

extension ParameterRegistry {
  /// Returns the annotations of a model for a `.swt` file: its name, buffers, ignored names and frozen parameters.
  ///
  ///     try weights.write(to: url, options: WriteOptions(annotations: registry.annotations()))
  ///
  /// - Parameter name: The name of the model (default: the registry's).
  public func annotations(naming name: String? = nil) -> [JSONValue.Member] {
    func names(of role: ParameterRole) -> JSONValue {
      .array(specs.lazy.filter { $0.role == role }.map { .string($0.name) })
    }
    return [
      JSONValue.Member(Annotation.model, .string(name ?? model)),
      JSONValue.Member(Annotation.buffers, names(of: .buffer)),
      JSONValue.Member(Annotation.ignored, names(of: .ignored)),
      JSONValue.Member(Annotation.frozen, .array(frozen.map { .string($0.name) })),
    ]
  }

  /// Creates a registry from a state dict with a model's annotations; nil if it has none.
  public init?(annotationsOf stateDict: StateDict) {
    let annotations = JSONValue.object(stateDict.metadata.annotations)
    guard case .string(let model)? = annotations[Annotation.model] else { return nil }
    func names(_ annotation: String) -> Set<String> {
      guard case .array(let items)? = annotations[annotation] else { return [] }
      return Set(items.compactMap { if case .string(let name) = $0 { name } else { nil } })
    }
    let buffers = names(Annotation.buffers)
    let ignored = names(Annotation.ignored)
    let frozen = names(Annotation.frozen)
    let specs = stateDict.map { name, tensor in
      ParameterSpec(
        name, shape: tensor.shape, elementType: tensor.elementType,
        role: ignored.contains(name) ? .ignored : buffers.contains(name) ? .buffer : .parameter,
        isTrainable: !frozen.contains(name))
    }
    // A state dict has no name twice.
    try? self.init(specs, model: model)
  }
}
