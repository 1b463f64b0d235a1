// As much of mlx-swift's MLXNN as docs/models.md uses; the declarations are those of its `Module.swift`.

public import MLX

/// A layer or a model.
open class Module {
  /// Creates a module.
  public init() {}

  /// The parameters, by module.
  public func parameters() -> NestedDictionary { NestedDictionary() }

  /// This module and those below it, by name.
  public func namedModules() -> [(String, Module)] { [("", self)] }

  /// Freezes parameters.
  public func freeze(recursive: Bool = true, keys: [String]? = nil, strict: Bool = false) throws {}
}

/// Parameters in dictionaries of dictionaries.
public struct NestedDictionary {
  /// The parameters by their whole names.
  public func flattened() -> [(String, MLXArray)] { [] }
}
