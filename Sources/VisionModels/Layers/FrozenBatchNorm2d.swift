public import ModelParameters
public import StateDicts

/// A normalization that is never trained; torchvision's `ops.FrozenBatchNorm2d`.
public struct FrozenBatchNorm2d: Normalization {
  /// [featureCount], each.
  public let weight, bias, runningMean, runningVar: Tensor
  /// The number added to the variance.
  public let eps: Float

  /// Declares or loads the layer: four buffers.
  ///
  /// The `num_batches_tracked` of a `BatchNorm2d` is accepted and not used.
  public init(featureCount: Int, eps: Float = 1e-5, in scope: ParameterScope) {
    weight = scope.buffer("weight", featureCount)
    bias = scope.buffer("bias", featureCount)
    runningMean = scope.buffer("running_mean", featureCount)
    runningVar = scope.buffer("running_var", featureCount)
    scope.ignore("num_batches_tracked")
    self.eps = eps
  }
}
