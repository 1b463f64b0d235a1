/// The names of a module's tensors without its path, as for MLX's `freeze(keys:)`.
public struct ModuleKeys: Hashable, Codable, Sendable {
  /// The path of the module; empty at the top.
  public let module: String
  /// The names within the module, in order: `weight`, `bias`.
  public internal(set) var keys: [String]

  /// Creates a module's keys.
  public init(module: String, keys: [String]) {
    self.module = module
    self.keys = keys
  }
}
