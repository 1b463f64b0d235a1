/// Which normalization a model is built with; torchvision's `norm_layer`.
///
/// Both compute (x - running mean) / √(running variance + epsilon) · weight + bias when a model is run. They differ in
/// what their tensors are: see `FrozenBatchNorm2d` and `BatchNorm2d`.
public struct NormLayer: Hashable, Sendable {
  /// The layer's class.
  public enum Kind: String, CaseIterable, Codable, Sendable {
    /// Nothing of it is trained: all four tensors are buffers.
    case frozenBatchNorm2d = "FrozenBatchNorm2d"
    /// Weight and bias are parameters.
    case batchNorm2d = "BatchNorm2d"
  }

  /// The layer's class.
  public var kind: Kind
  /// What is added to the variance.
  public var epsilon: Float

  /// Creates a choice.
  public init(_ kind: Kind, epsilon: Float = 1e-5) {
    self.kind = kind
    self.epsilon = epsilon
  }

  /// `torchvision.ops.FrozenBatchNorm2d`, as the detectors have it.
  public static let frozenBatchNorm2d = NormLayer(.frozenBatchNorm2d)
  /// `torch.nn.BatchNorm2d`, as the classifiers have it.
  public static let batchNorm2d = NormLayer(.batchNorm2d)
}
