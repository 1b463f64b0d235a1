// As much of mlx-swift's MLXNN as docs/models.md and the declarations of `pth2swt declare --for mlx` use; the declarations are those of
// its `Module.swift`, `Convolution.swift`, `Linear.swift`, `Normalization.swift` and others.

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

/// A module that is a property of another.
@propertyWrapper public class ModuleInfo<T> {
  /// As MLXNN has it.
  public let key: String?
  private var value: T?

  /// A module that is set later.
  public init(key: String? = nil) { self.key = key }

  /// The module.
  public var wrappedValue: T {
    get {
      guard let value else { preconditionFailure("not set") }
      return value
    }
    set { value = newValue }
  }
}

/// An array that is a property of a module.
@propertyWrapper public class ParameterInfo<T> {
  /// As MLXNN has it.
  public let key: String?
  private var value: T?

  /// An array that is set later.
  public init(key: String? = nil) { self.key = key }

  /// The array.
  public var wrappedValue: T {
    get {
      guard let value else { preconditionFailure("not set") }
      return value
    }
    set { value = newValue }
  }
}

/// One number or two.
public struct IntOrPair: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// As MLX has it.
  public init(integerLiteral value: Int) {}
  /// As MLX has it.
  public init(arrayLiteral elements: Int...) {}
}

/// One number or three.
public struct IntOrTriple: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// As MLX has it.
  public init(integerLiteral value: Int) {}
  /// As MLX has it.
  public init(arrayLiteral elements: Int...) {}
}

/// A layer that does nothing.
public class Identity: Module {}

/// Layers in a row.
public class Sequential: Module {
  /// As MLXNN has it.
  public init(layers: [Module]) {}
}

/// As MLXNN has it.
public class Linear: Module {
  /// As MLXNN has it.
  public init(_ inputDimensions: Int, _ outputDimensions: Int, bias: Bool = true) {}
}

/// As MLXNN has it.
public class Embedding: Module {
  /// As MLXNN has it.
  public init(embeddingCount: Int, dimensions: Int) {}
}

/// As MLXNN has it.
public class LayerNorm: Module {
  /// As MLXNN has it.
  public init(dimensions: Int, eps: Float = 1e-5, affine: Bool = true, bias: Bool = true) {}
}

/// As MLXNN has it.
public class RMSNorm: Module {
  /// As MLXNN has it.
  public init(dimensions: Int, eps: Float = 1e-5) {}
}

/// As MLXNN has it.
public class BatchNorm: Module {
  /// As MLXNN has it.
  public init(
    featureCount: Int, eps: Float = 1e-5, momentum: Float = 0.1, affine: Bool = true, trackRunningStats: Bool = true
  ) {}
}

/// As MLXNN has it.
public class Conv1d: Module {
  /// As MLXNN has it.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true
  ) {}
}

/// As MLXNN has it.
public class Conv2d: Module {
  /// As MLXNN has it.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: IntOrPair, stride: IntOrPair = 1, padding: IntOrPair = 0,
    dilation: IntOrPair = 1, groups: Int = 1, bias: Bool = true
  ) {}
}

/// As MLXNN has it.
public class Conv3d: Module {
  /// As MLXNN has it.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: IntOrTriple, stride: IntOrTriple = 1, padding: IntOrTriple = 0,
    dilation: IntOrTriple = 1, groups: Int = 1, bias: Bool = true
  ) {}
}

/// As MLXNN has it.
public class ConvTransposed1d: Module {
  /// As MLXNN has it.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: Int, stride: Int = 1, padding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true
  ) {}
}

/// As MLXNN has it.
public class ConvTransposed2d: Module {
  /// As MLXNN has it.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: IntOrPair, stride: IntOrPair = 1, padding: IntOrPair = 0,
    dilation: IntOrPair = 1, groups: Int = 1, bias: Bool = true
  ) {}
}

/// As MLXNN has it.
public class ConvTransposed3d: Module {
  /// As MLXNN has it.
  public init(
    inputChannels: Int, outputChannels: Int, kernelSize: IntOrTriple, stride: IntOrTriple = 1, padding: IntOrTriple = 0,
    dilation: IntOrTriple = 1, groups: Int = 1, bias: Bool = true
  ) {}
}
