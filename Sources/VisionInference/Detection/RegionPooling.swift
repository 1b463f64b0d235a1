import Foundation
package import VisionModels

/// Reads each proposal from the level that suits its size.
///
/// Source: `torchvision/ops/poolers.py`, `MultiScaleRoIAlign` and `LevelMapper`.
package struct RegionPooling {
  let size: Int
  private static let samplingRatio = 2
  private static let canonicalSide: Float = 224
  private static let canonicalLevel: Float = 4

  /// - Parameter size: The side of the window that a region is brought to.
  package init(size: Int) {
    self.size = size
  }

  /// The regions of all images, one after another: [proposals, C, size, size]; nil if there are none.
  ///
  /// - Parameters:
  ///   - levels: The feature maps, the largest first.
  ///   - images: The sizes of the resized images, before they were padded to one size.
  package func regions(_ levels: [Activation], _ proposals: [[Box]], images: [PixelSize]) throws(VisionError)
    -> Activation?
  {
    guard let first = levels.first else { return nil }
    let height = images.map(\.height).max() ?? 1
    // torchvision infers a level's scale from its height alone, as the nearest power of 2.
    let exponents = levels.map { level in
      log2(Float(Double(level.shape[2]) / Double(height))).rounded(.toNearestOrEven)
    }
    guard let least = exponents.first.map({ -$0 }), let most = exponents.last.map({ -$0 }) else { return nil }
    let places = proposals.enumerated().flatMap { image, boxes in
      boxes.map { box in
        let level = (Self.canonicalLevel + log2(box.area.squareRoot() / Self.canonicalSide) + 1e-6).rounded(.down)
        // A NaN, which only broken weights give, goes to the coarsest level.
        let number = level.isNaN ? levels.count - 1 : Int(min(max(level, least), most) - least)
        let scale = Float(exp2(Double(exponents[number])))
        let (left, top) = (box.left * scale, box.top * scale)
        return Region(
          image: image, level: min(max(number, 0), levels.count - 1), left: left, top: top,
          width: box.right * scale - left, height: box.bottom * scale - top)
      }
    }
    return try first.arithmetic.alignedRegions(levels, places, size: size, samplingRatio: Self.samplingRatio)
  }
}
