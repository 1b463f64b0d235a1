import StateDicts
import VisionModels

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Brings images into the form that classifiers are evaluated on; torchvision's `ImageClassification` on Pillow
/// images: short side 256, centre crop 224, normalized.
struct ClassificationTransform {
  static let resizeSize = 256
  static let cropSize = 224
  static let mean: [Float] = [0.485, 0.456, 0.406]
  static let std: [Float] = [0.229, 0.224, 0.225]

  /// The part of an image that a classifier sees, 224 pixels wide and high.
  struct Crop: Equatable {
    fileprivate let image: Image

    /// The crop of an image.
    init(_ image: Image) throws(VisionError) {
      self.image = try PillowResize.resized(image, to: ClassificationTransform.target)
    }

    /// The crop of an image file, which is never in memory as a whole.
    ///
    /// - Throws: `notFound`, `notReadable`, `malformedImage`, `imageSize`, each with the file's name.
    init(at path: FilePath) throws(VisionError) {
      image = try Image.decode(at: path) { PillowResize($0, to: ClassificationTransform.target) }.result
    }
  }

  /// [N, 3, 224, 224].
  func callAsFunction(_ crops: [Crop], _ arithmetic: Arithmetic) throws -> Activation {
    try arithmetic.activation([crops.count, 3, Self.cropSize, Self.cropSize], crops.flatMap(values))
  }

  /// Only the crop is made: the whole of a very wide picture would be far larger than what is read of it.
  static func target(_ size: PixelSize) -> PillowResize.Target {
    let (short, long) = (min(size.width, size.height), max(size.width, size.height))
    let side = Int(Double(resizeSize * long) / Double(short))
    let isTall = size.width <= size.height
    let resized = PixelSize(width: isTall ? resizeSize : side, height: isTall ? side : resizeSize)
    func middle(_ side: Int) -> Range<Int> {
      let margin = Int((Double(side - cropSize) / 2).rounded(.toNearestOrEven))
      return margin..<margin + cropSize
    }
    return PillowResize.Target(size: resized, columns: middle(resized.width), rows: middle(resized.height))
  }

  private func values(_ crop: Crop) -> [Float] {
    let area = Self.cropSize * Self.cropSize
    var values = [Float](repeating: 0, count: 3 * area)
    for row in 0..<Self.cropSize {
      for column in 0..<Self.cropSize {
        let pixel = 3 * (row * Self.cropSize + column)
        for channel in 0..<3 {
          let value = Float(crop.image.pixels[pixel + channel]) / 255
          values[channel * area + row * Self.cropSize + column] = (value - Self.mean[channel]) / Self.std[channel]
        }
      }
    }
    return values
  }
}
