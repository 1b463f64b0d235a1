public import ModelParameters
public import StateDicts

/// A normalization with trained weight and bias; torch's `nn.BatchNorm2d`, evaluated with its running statistics.
public struct BatchNorm2d: Normalization {
  /// [featureCount], each.
  public let weight, bias, runningMean, runningVar: Tensor
  /// The number added to the variance.
  public let eps: Float

  /// Declares or loads the layer: two parameters and three buffers.
  ///
  /// The last buffer, `num_batches_tracked`, came with version 2 of the layout and is not used.
  public init(featureCount: Int, eps: Float = 1e-5, in scope: ParameterScope) {
    weight = scope.parameter("weight", featureCount)
    bias = scope.parameter("bias", featureCount)
    runningMean = scope.buffer("running_mean", featureCount)
    runningVar = scope.buffer("running_var", featureCount)
    _ = scope.buffer("num_batches_tracked", as: .int64, since: 2)
    self.eps = eps
  }
}
