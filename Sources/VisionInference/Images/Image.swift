import StateDicts
public import VisionModels

/// An image: red, green and blue of each pixel, 8 bits each, row by row from the top left.
public struct Image: Sendable, Equatable {
  /// The size in pixels.
  public let size: PixelSize
  /// The bytes of the pixels, three per pixel.
  public let pixels: [UInt8]

  /// Creates an image from its pixels.
  ///
  /// - Parameters:
  ///   - width: The number of columns.
  ///   - height: The number of rows.
  ///   - pixels: Red, green and blue of each pixel, row by row: `3 * width * height` bytes.
  /// - Throws: `imageSize` if the number of bytes is wrong, or 0.
  public init(width: Int, height: Int, pixels: [UInt8]) throws(VisionError) {
    guard width > 0, height > 0, width.times(height)?.times(3) == pixels.count else {
      throw VisionError(.imageSize, "\(pixels.count) bytes do not make an image of \(width)x\(height) pixels.")
    }
    size = PixelSize(width: width, height: height)
    self.pixels = pixels
  }

  /// Makes an image of pixels whose number is known to match the size.
  init(size: PixelSize, pixels: [UInt8]) {
    self.size = size
    self.pixels = pixels
  }
}
