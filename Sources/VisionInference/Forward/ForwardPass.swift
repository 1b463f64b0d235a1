import ModelParameters
import VisionModels

// A forward pass is made from a declared model, once for each engine. Its layers are those of the declaration, fused
// where possible, and each owns its weights in the layouts of the engine's kernels. It stays on the engine's thread.

/// The forward pass of a classifier.
protocol ClassifierPass {
  /// Computes one logit per class, [N, classes], from [N, 3, H, W].
  func callAsFunction(_ image: Activation) throws -> Activation
}

/// A model that classifies images.
protocol ClassifierModel: LoadableModel {
  /// The number of classes; nil for a backbone.
  var labelCount: Int? { get }

  /// Makes the forward pass.
  func classifierPass() -> any ClassifierPass
}
