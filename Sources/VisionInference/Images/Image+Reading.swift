package import StateDicts
public import VisionModels

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension Image {
  /// Reads a JPEG or PNG file, told by content.
  ///
  /// The values are those of Pillow's `Image.open(file).convert("RGB")`, save that 16-bit grey goes by its high byte
  /// and that an EXIF orientation is applied.
  ///
  /// - Throws: `notFound`, `notReadable`, `malformedImage`, `imageSize`, each with the file's name.
  public init(contentsOf url: URL) throws(VisionError) {
    try self.init(at: FilePath(url))
  }

  package init(at path: FilePath) throws(VisionError) {
    let bytes: [UInt8]
    do { bytes = try path.contents() } catch { throw VisionError(reading: error) }
    do throws(VisionError) {
      try self.init(decoding: bytes)
    } catch {
      throw error.located(file: path.description)
    }
  }

  /// Decodes a JPEG or PNG in memory.
  ///
  /// - Throws: `malformedImage`, `imageSize`.
  public init(decoding bytes: [UInt8]) throws(VisionError) {
    let image: Image
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      image = try JPEGDecoder.decode(bytes)
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      image = try PNGDecoder.decode(bytes)
    } else {
      throw VisionError(
        .malformedImage, bytes.isEmpty ? "The file is empty." : "The file is neither a JPEG nor a PNG.",
        remedy: "convert the image to JPEG or PNG")
    }
    self = image.oriented(Orientation(ofFile: bytes))
  }

  /// The most pixels that are decoded: 805 MB as red, green and blue.
  package static let largestPixelCount = 1 << 28

  /// Refuses an image before memory is taken for it.
  static func checkSize(_ size: PixelSize) throws(VisionError) {
    guard size.width > 0, size.height > 0, let count = size.width.times(size.height), count <= largestPixelCount else {
      throw VisionError(
        .imageSize,
        "The image has \(size.width)x\(size.height) pixels; the limit is \(largestPixelCount) pixels in total.")
    }
  }
}
