import ModelParameters
import StateDicts

/// A model in a few lines: a moved convolution, a normalization and a classifier.
struct Tiny: LoadableModel {
  let conv, weight, bias: Tensor

  /// The names and shapes of its state dict, for two classes.
  static let exact: KeyValuePairs = [
    "conv.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc.weight": [2, 4], "fc.bias": [2],
  ]

  init(_ classCount: Int, in scope: ParameterScope) {
    let place = scope / "conv"
    conv = (place / 0).formerly(place, before: 2, of: scope).parameter("weight", 4, 3, 1, 1)
    _ = (scope / "bn").buffer("running_mean", 4)
    (scope / "bn").ignore("num_batches_tracked")
    weight = (scope / "fc").parameter("weight", classCount, 4)
    bias = (scope / "fc").parameter("bias", classCount)
  }
}
