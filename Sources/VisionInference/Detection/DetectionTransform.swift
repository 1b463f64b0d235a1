import StateDicts
import VisionModels

/// Brings images into the form that the detector was trained on: normalized, resized, and padded to one size.
///
/// Source: `torchvision/models/detection/transform.py`, `GeneralizedRCNNTransform`.
struct DetectionTransform {
  let options: DetectionOptions

  /// Both sides of a batch are multiples of this, so that every level halves evenly.
  private static let sizeDivisor = 32

  /// What an image's sides become.
  ///
  /// - Throws: `imageSize` if a side would have no pixel left.
  func resizedSize(_ image: PixelSize) throws(VisionError) -> PixelSize {
    let (short, long) = (Double(min(image.width, image.height)), Double(max(image.width, image.height)))
    let factor = min(Double(options.minSize) / short, Double(options.maxSize) / long)
    let size = PixelSize(width: Int(Double(image.width) * factor), height: Int(Double(image.height) * factor))
    guard size.width > 0, size.height > 0 else {
      throw VisionError(
        .imageSize,
        "Resized to a long side of \(options.maxSize), an image of \(image.width)x\(image.height) pixels is empty.",
        remedy: "raise --max-size, or crop the image")
    }
    return size
  }

  /// The samples of an image in memory.
  func samples(_ image: Image) throws(VisionError) -> ImageSamples { try ImageSamples(image, to: resizedSize) }

  /// The samples of an image file, which is never in memory as a whole.
  ///
  /// - Throws: `notFound`, `notReadable`, `malformedImage`, `imageSize`, each with the file's name.
  func samples(at path: FilePath) throws(VisionError) -> ImageSamples {
    try Image.decode(at: path) { orientation in
      ImageSamples(orientation) { size throws(VisionError) in try resizedSize(size) }
    }
  }

  /// The batch, [N, 3, H, W], and each image's size in it.
  func callAsFunction(_ images: [ImageSamples], _ arithmetic: Arithmetic) throws(VisionError) -> (
    Activation, [PixelSize]
  ) {
    let sizes = images.map(\.resizedSize)
    func padded(_ side: Int) -> Int { (side + Self.sizeDivisor - 1) / Self.sizeDivisor * Self.sizeDivisor }
    let width = padded(sizes.map(\.width).max() ?? 0)
    let height = padded(sizes.map(\.height).max() ?? 0)
    let batch = try arithmetic.zeros([images.count, 3, height, width])
    for (index, image) in images.enumerated() {
      arithmetic.resize(image, mean: options.imageMean, std: options.imageStd, into: batch, at: index)
    }
    return (batch, sizes)
  }
}
