import ModelParameters
import VisionModels

// A forward pass is made of a declared model once for each engine: its layers are those of the declaration, fused as they run,
// and each owns its weights in the layouts that the engine's kernels read. It stays on the engine's thread.

/// The forward pass of a classifier.
protocol ClassifierPass {
  /// [N, 3, H, W] to one logit a class, [N, classes].
  func callAsFunction(_ image: Activation) throws -> Activation
}

/// A declared model that tells what an image shows.
protocol ClassifierModel: LoadableModel {
  /// The number of classes; nil for a backbone, which tells none apart.
  var labelCount: Int? { get }

  /// Makes the forward pass.
  func classifierPass() -> any ClassifierPass
}
