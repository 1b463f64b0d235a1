public import ModelParameters
public import StateDicts

/// A normalization with running statistics: `BatchNorm2d` or `FrozenBatchNorm2d`, depending on the `NormLayer`.
///
/// Both are a multiplication and an addition per channel, which are folded into the weight of a preceding convolution.
public struct Normalization: Sendable {
  /// The tensors of the normalization, [channels] each.
  public let weight, bias, runningMean, runningVariance: Tensor
  /// The number added to the variance.
  public let epsilon: Float

  /// Declares or loads the normalization.
  public init(_ channels: Int, _ layer: NormLayer, in scope: ParameterScope) {
    switch layer.kind {
    case .frozenBatchNorm2d: self = Self.frozenBatchNorm2d(channels, epsilon: layer.epsilon, in: scope)
    case .batchNorm2d: self = Self.batchNorm2d(channels, epsilon: layer.epsilon, in: scope)
    }
  }

  /// `torchvision.ops.FrozenBatchNorm2d`: four buffers; a `num_batches_tracked` of a plain one is accepted and unused.
  static func frozenBatchNorm2d(_ channels: Int, epsilon: Float, in scope: ParameterScope) -> Normalization {
    let normalization = Normalization(
      weight: scope.buffer("weight", channels), bias: scope.buffer("bias", channels),
      runningMean: scope.buffer("running_mean", channels), runningVariance: scope.buffer("running_var", channels),
      epsilon: epsilon)
    scope.ignore("num_batches_tracked")
    return normalization
  }

  /// `torch.nn.BatchNorm2d`: two parameters and three buffers, the last of which came with version 2 of the layout.
  static func batchNorm2d(_ channels: Int, epsilon: Float, in scope: ParameterScope) -> Normalization {
    let normalization = Normalization(
      weight: scope.parameter("weight", channels), bias: scope.parameter("bias", channels),
      runningMean: scope.buffer("running_mean", channels), runningVariance: scope.buffer("running_var", channels),
      epsilon: epsilon)
    _ = scope.buffer("num_batches_tracked", as: .int64, since: 2)
    return normalization
  }

  private init(weight: Tensor, bias: Tensor, runningMean: Tensor, runningVariance: Tensor, epsilon: Float) {
    self.weight = weight
    self.bias = bias
    self.runningMean = runningMean
    self.runningVariance = runningVariance
    self.epsilon = epsilon
  }
}
