public import ModelParameters

/// A feature pyramid; torchvision's `FeaturePyramidNetwork` (`ops/feature_pyramid_network.py`).
///
/// Each level is the sum of its 1×1 convolution and the level above it, upsampled by 2, followed by a 3×3 convolution.
public struct FeaturePyramid: Sendable {
  /// The 1×1 convolution of each level, the largest level first.
  public let innerBlocks: [Conv2d]
  /// The 3×3 convolution of each level.
  public let layerBlocks: [Conv2d]

  /// Declares or loads the pyramid.
  ///
  /// Version 2 of the layout moved each convolution to a list of one.
  public init(_ inputs: [Int], _ outputs: Int, in scope: ParameterScope) {
    func blocks(_ name: String, _ make: (Int, ParameterScope) -> Conv2d) -> [Conv2d] {
      inputs.enumerated().map { level, inputs in
        let place = scope / name / level
        return make(inputs, (place / 0).formerly(place, before: 2, of: scope))
      }
    }
    innerBlocks = blocks("inner_blocks") { Conv2d(inputChannels: $0, outputChannels: outputs, kernelSize: 1, in: $1) }
    layerBlocks = blocks("layer_blocks") {
      Conv2d(inputChannels: outputs, outputChannels: outputs, kernelSize: 3, padding: 1, in: $1)
    }
  }
}
