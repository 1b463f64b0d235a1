public import ModelParameters

/// Computes the features of a region with two layers, each followed by ReLU; torchvision's `TwoMLPHead`.
public struct TwoMLPHead: Sendable {
  /// The first layer, for the region in C order: [channels, height, width].
  public let fc6: Linear
  /// The second layer.
  public let fc7: Linear

  /// Declares or loads the head.
  public init(_ inputs: Int, _ outputs: Int, in scope: ParameterScope) {
    fc6 = Linear(inputs, outputs, in: scope / "fc6")
    fc7 = Linear(outputs, outputs, in: scope / "fc7")
  }
}
