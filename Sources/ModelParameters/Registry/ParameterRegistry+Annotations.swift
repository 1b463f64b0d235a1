public import StateDicts

extension ParameterRegistry {
  /// What a `.swt` file keeps of a model beside its tensors: its name, and which names are buffers and which parameters
  /// are frozen; every other tensor is a parameter that trains.
  ///
  ///     try weights.write(to: url, options: WriteOptions(annotations: registry.annotations()))
  ///
  /// - Parameter name: The model's name; the registry's own unless said.
  public func annotations(naming name: String? = nil) -> [JSONValue.Member] {
    [
      JSONValue.Member("model", .string(name ?? model)),
      JSONValue.Member("buffers", .array(specs.lazy.filter { $0.role == .buffer }.map { .string($0.name) })),
      JSONValue.Member("frozen", .array(frozen.map { .string($0.name) })),
    ]
  }
}
