package import VisionModels

/// A declared `Linear` as it runs; it belongs to one engine and stays on its thread.
package struct MatrixProduct {
  private let weights: LayerWeights

  package init(_ layer: Linear) {
    weights = LayerWeights(FoldedWeights(weight: layer.weight, bias: layer.bias))
  }

  /// [N, …] to [N, outputs]; all but the first dimension are taken as one, in C order.
  package func callAsFunction(_ x: Activation, then nonlinearity: Nonlinearity = .none) throws -> Activation {
    try x.arithmetic.linear(x, weights, then: nonlinearity)
  }
}
