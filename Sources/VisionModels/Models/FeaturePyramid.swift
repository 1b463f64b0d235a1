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
    innerBlocks = blocks("inner_blocks") { Conv2d($0, outputs, kernel: 1, in: $1) }
    layerBlocks = blocks("layer_blocks") { Conv2d(outputs, outputs, kernel: 3, padding: 1, in: $1) }
  }
}

extension FeaturePyramid {
  /// One level for each stage, and the coarsest halved once more; all have the same channels.
  ///
  /// - Parameter stages: The largest first. Each is let go once its level is merged: they are large.
  package func callAsFunction(_ stages: consuming [Activation]) throws -> [Activation] {
    var (above, levels): (Activation?, [Activation]) = (nil, [])
    while let stage = stages.popLast() {
      let level = stages.count
      do {
        let inner = try merged(above, stage, innerBlocks[level])
        levels.insert(try layerBlocks[level](inner), at: 0)
        above = inner
      } catch { throw error.within("\(level)") }
    }
    guard let top = levels.last else { return [] }
    return levels + [try top.arithmetic.maxPool(top, kernel: 1, stride: 2, padding: 0)]
  }

  /// The stage's own convolution, and the level above, doubled.
  private func merged(_ above: Activation?, _ stage: consuming Activation, _ innerBlock: Conv2d) throws -> Activation {
    try innerBlock(
      stage, adding: above.map { try $0.arithmetic.upsampled($0, height: stage.shape[2], width: stage.shape[3]) })
  }
}
