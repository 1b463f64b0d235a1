public import StateDicts

/// A normalization by running statistics: (x - running mean) / √(running variance + eps) · weight + bias, by channel.
///
/// When a model runs, this is a multiplication and an addition per channel, folded into the weight of a preceding
/// convolution.
public protocol Normalization: Sendable {
  /// The factor of each channel.
  var weight: Tensor { get }
  /// The number that is added to each channel.
  var bias: Tensor { get }
  /// The mean of each channel in training.
  var runningMean: Tensor { get }
  /// The variance of each channel in training.
  var runningVar: Tensor { get }
  /// The number added to the variance.
  var eps: Float { get }
}
