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
    var orientation = Orientation.upright
    let whole = try Image.decode(at: path) {
      orientation = $0
      return WholeImage()
    }
    self = Image(size: whole.size, pixels: whole.pixels).oriented(orientation)
  }

  /// Decodes a JPEG or PNG in memory.
  ///
  /// - Throws: `malformedImage`, `imageSize`.
  public init(decoding bytes: [UInt8]) throws(VisionError) {
    var whole = WholeImage()
    try Image.decode(bytes, to: &whole)
    self = Image(size: whole.size, pixels: whole.pixels).oriented(Orientation(ofFile: bytes))
  }

  /// The most pixels that are decoded: 805 MB as red, green and blue.
  package static let largestPixelCount = 1 << 28
  /// The most pixels of an image whose rows are not known before its last byte: an interlaced PNG (96 MiB), or a
  /// progressive JPEG with all its coefficients (192 MiB).
  package static let largestProgressivePixelCount = 1 << 25

  /// Returns the error for an image that would have to be in memory as a whole.
  static func tooLargeForProgression(_ size: PixelSize, _ kind: String) -> VisionError {
    VisionError(
      .imageSize,
      "The image is \(kind) and has \(size.width)x\(size.height) pixels; the limit is "
        + "\(largestProgressivePixelCount) pixels in total.",
      remedy: "save it without interlacing or progression")
  }

  /// Refuses an image before memory is taken for it.
  static func checkSize(_ size: PixelSize) throws(VisionError) {
    guard size.width > 0, size.height > 0, let count = size.width.times(size.height), count <= largestPixelCount else {
      throw VisionError(
        .imageSize,
        "The image has \(size.width)x\(size.height) pixels; the limit is \(largestPixelCount) pixels in total.")
    }
  }
}
