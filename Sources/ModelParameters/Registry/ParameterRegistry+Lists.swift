/// The names of one module's tensors, without its path: what MLX's `freeze(keys:)` takes.
public struct ModuleKeys: Hashable, Codable, Sendable {
  /// The module's path, empty at the top.
  public let module: String
  /// The tensors' names within it, in order: `weight`, `bias`.
  public internal(set) var keys: [String]

  /// Creates a module's keys.
  public init(module: String, keys: [String]) {
    self.module = module
    self.keys = keys
  }
}

extension ParameterRegistry {
  /// The parameters that training changes, in order.
  public var trainable: [ParameterSpec] { specs.filter { $0.role == .parameter && $0.isTrainable } }
  /// The parameters that training leaves alone, in order: torch's `named_parameters()` without `requires_grad`.
  public var frozen: [ParameterSpec] { specs.filter { $0.role == .parameter && !$0.isTrainable } }

  /// The names of the parameters that training changes, in order.
  public var trainableNames: [String] { trainable.map(\.name) }
  /// The names of the parameters that training leaves alone, in order.
  public var frozenNames: [String] { frozen.map(\.name) }

  /// The trainable parameters by the module that they belong to, in the order of the modules' first ones.
  public var trainableKeys: [ModuleKeys] { trainable.groupedByModule() }
  /// The frozen parameters by the module that they belong to, in the order of the modules' first ones.
  ///
  /// MLX's `freeze(keys:)` takes keys that are local to a module: given full names, it freezes nothing and says nothing.
  public var frozenKeys: [ModuleKeys] { frozen.groupedByModule() }
}

extension [ParameterSpec] {
  /// The names by module, in the order of the modules' first ones.
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
