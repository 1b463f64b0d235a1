/// The kind of normalization in a model: torchvision's `norm_layer`.
///
/// Both kinds compute (x - running mean) / √(running variance + epsilon) · weight + bias. They differ in the roles of
/// their tensors: see `FrozenBatchNorm2d` and `BatchNorm2d`.
public struct NormLayer: Hashable, Sendable {
  /// The class of the layer.
  public enum Kind: String, CaseIterable, Codable, Sendable {
    /// All four tensors are buffers and never train.
    case frozenBatchNorm2d = "FrozenBatchNorm2d"
    /// Weight and bias are parameters.
    case batchNorm2d = "BatchNorm2d"
  }

  /// The class of the layer.
  public var kind: Kind
  /// The number added to the variance.
  public var epsilon: Float

  /// Creates a normalization of a kind.
  public init(_ kind: Kind, epsilon: Float = 1e-5) {
    self.kind = kind
    self.epsilon = epsilon
  }

  /// `torchvision.ops.FrozenBatchNorm2d`, the default of detectors.
  public static let frozenBatchNorm2d = NormLayer(.frozenBatchNorm2d)
  /// `torch.nn.BatchNorm2d`, the default of classifiers.
  public static let batchNorm2d = NormLayer(.batchNorm2d)
}
