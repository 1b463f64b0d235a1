public import ModelParameters
public import StateDicts

/// A matrix product and a bias; torch's `nn.Linear`.
public struct Linear: Sendable {
  /// [outputs, inputs].
  public let weight: Tensor
  /// [outputs].
  public let bias: Tensor

  /// Declares or loads the layer.
  public init(_ inputs: Int, _ outputs: Int, in scope: ParameterScope) {
    weight = scope.parameter("weight", outputs, inputs)
    bias = scope.parameter("bias", outputs)
  }
}

extension Linear {
  /// [N, …] to [N, outputs]; all but the first dimension are taken as one, in C order.
  package func callAsFunction(_ x: Activation, then nonlinearity: Nonlinearity = .none) throws -> Activation {
    try x.arithmetic.linear(x, FoldedWeights(weight: weight, bias: bias), then: nonlinearity)
  }
}
