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
  public func annotations(naming name: String? = nil) -> JSONObject {
    func names(of role: ParameterRole) -> JSONValue {
      .array(specs.lazy.filter { $0.role == role }.map { .string($0.name) })
    }
    return [
      Annotation.model: .string(name ?? model), Annotation.buffers: names(of: .buffer),
      Annotation.ignored: names(of: .ignored), Annotation.frozen: .array(frozen.map { .string($0.name) }),
    ]
  }

  /// Creates a registry from a state dict with a model's annotations; nil if it has none.
  public init?(annotationsOf stateDict: StateDict) {
    let annotations = stateDict.metadata.annotations
    guard let model = annotations[Annotation.model]?.stringValue else { return nil }
    func names(_ annotation: String) -> Set<String> {
      Set((annotations[annotation]?.arrayValue ?? []).compactMap(\.stringValue))
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
