public import ModelParameters
public import StateDicts

/// A linear layer: torch's `nn.Linear`.
public struct Linear: Sendable {
  /// The weight, [outputDimensions, inputDimensions].
  public let weight: Tensor
  /// The bias, [outputDimensions].
  public let bias: Tensor

  /// Declares or loads the layer.
  public init(_ inputDimensions: Int, _ outputDimensions: Int, in scope: ParameterScope) {
    weight = scope.parameter("weight", outputDimensions, inputDimensions)
    bias = scope.parameter("bias", outputDimensions)
  }
}
