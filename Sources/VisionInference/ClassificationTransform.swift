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

  /// [N, 3, 224, 224].
  func callAsFunction(_ images: [Image], _ arithmetic: Arithmetic) throws -> Activation {
    try arithmetic.activation([images.count, 3, Self.cropSize, Self.cropSize], images.flatMap(values))
  }

  private func values(_ image: Image) -> [Float] {
    let (short, long) = (min(image.size.width, image.size.height), max(image.size.width, image.size.height))
    let side = Int(Double(Self.resizeSize * long) / Double(short))
    let isTall = image.size.width <= image.size.height
    let size = PixelSize(width: isTall ? Self.resizeSize : side, height: isTall ? side : Self.resizeSize)
    func middle(_ side: Int) -> Range<Int> {
      let margin = Int((Double(side - Self.cropSize) / 2).rounded(.toNearestOrEven))
      return margin..<margin + Self.cropSize
    }
    // Only the crop is made: the whole of a very wide picture would be far larger than what is read of it.
    let crop = PillowResize.resized(image, to: size, columns: middle(size.width), rows: middle(size.height))
    let area = Self.cropSize * Self.cropSize
    var values = [Float](repeating: 0, count: 3 * area)
    for row in 0..<Self.cropSize {
      for column in 0..<Self.cropSize {
        let pixel = 3 * (row * Self.cropSize + column)
        for channel in 0..<3 {
          let value = Float(crop.pixels[pixel + channel]) / 255
          values[channel * area + row * Self.cropSize + column] = (value - Self.mean[channel]) / Self.std[channel]
        }
      }
    }
    return values
  }
}
