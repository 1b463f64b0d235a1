public import ModelParameters

/// The kind of normalization in a model: torchvision's `norm_layer`.
///
/// Both kinds compute the same when a model runs. They differ in whether weight and bias are trained.
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
  public var eps: Float

  /// Creates a normalization of a kind.
  public init(_ kind: Kind, eps: Float = 1e-5) {
    self.kind = kind
    self.eps = eps
  }

  /// Declares or loads a layer of this kind.
  public func callAsFunction(featureCount: Int, in scope: ParameterScope) -> any Normalization {
    switch kind {
    case .frozenBatchNorm2d: FrozenBatchNorm2d(featureCount: featureCount, eps: eps, in: scope)
    case .batchNorm2d: BatchNorm2d(featureCount: featureCount, eps: eps, in: scope)
    }
  }

  /// `torchvision.ops.FrozenBatchNorm2d`, the default of detectors.
  public static let frozenBatchNorm2d = NormLayer(.frozenBatchNorm2d)
  /// `torch.nn.BatchNorm2d`, the default of classifiers.
  public static let batchNorm2d = NormLayer(.batchNorm2d)
}
