public import ModelParameters
public import StateDicts

/// A linear layer: torch's `nn.Linear`.
public struct Linear: Sendable {
  /// The weight, [outputs, inputs].
  public let weight: Tensor
  /// The bias, [outputs].
  public let bias: Tensor

  /// Declares or loads the layer.
  public init(_ inputs: Int, _ outputs: Int, in scope: ParameterScope) {
    weight = scope.parameter("weight", outputs, inputs)
    bias = scope.parameter("bias", outputs)
  }
}
