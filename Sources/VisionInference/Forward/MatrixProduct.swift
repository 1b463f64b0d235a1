package import VisionModels

/// The forward pass of a linear layer; it belongs to one engine and stays on the engine's thread.
package struct MatrixProduct {
  private let weights: LayerWeights

  package init(_ layer: Linear) {
    weights = LayerWeights(FoldedWeights(weight: layer.weight, bias: layer.bias))
  }

  /// Computes [N, outputs] from [N, …]; all dimensions but the first are flattened in C order.
  package func callAsFunction(_ x: Activation, then nonlinearity: Nonlinearity = .none) throws -> Activation {
    try x.arithmetic.linear(x, weights, then: nonlinearity)
  }
}
