extension ParameterRegistry {
  /// The trainable parameters, in order.
  public var trainable: [ParameterSpec] { specs.filter { $0.role == .parameter && $0.isTrainable } }
  /// The frozen parameters, in order: torch's `named_parameters()` without `requires_grad`.
  public var frozen: [ParameterSpec] { specs.filter { $0.role == .parameter && !$0.isTrainable } }

  /// The names of the trainable parameters, in order.
  public var trainableNames: [String] { trainable.map(\.name) }
  /// The names of the frozen parameters, in order.
  public var frozenNames: [String] { frozen.map(\.name) }

  /// The names of trainable parameters grouped by module.
  public var trainableKeys: [ModuleKeys] { trainable.groupedByModule() }
  /// The names of frozen parameters grouped by module.
  ///
  /// MLX's `freeze(keys:)` expects keys local to a module, and silently ignores full names.
  public var frozenKeys: [ModuleKeys] { frozen.groupedByModule() }
}

extension [ParameterSpec] {
  /// Returns the names grouped by module, in the order of each module's first tensor.
  public func groupedByModule() -> [ModuleKeys] {
    var groups: [ModuleKeys] = []
    var places: [Substring: Int] = [:]
    for spec in self {
      if let place = places[spec.modulePath] {
        groups[place].keys.append(String(spec.key))
      } else {
        places[spec.modulePath] = groups.count
        groups.append(ModuleKeys(module: String(spec.modulePath), keys: [String(spec.key)]))
      }
    }
    return groups
  }
}
