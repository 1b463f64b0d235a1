internal import CPth2swtPNG
package import StateDicts
public import VisionModels

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension Image {
  /// Encodes the image as PNG.
  ///
  /// The corresponding C function is `png_image_write_to_memory`.
  ///
  /// - Throws: `cannotCreate` if libpng refuses.
  public func pngBytes() throws(VisionError) -> [UInt8] {
    var image = unsafe png_image()
    unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
    unsafe image.width = png_uint_32(size.width)
    unsafe image.height = png_uint_32(size.height)
    unsafe image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    // Written twice: the first time only to learn the length.
    var byteCount = 0
    var isWritten = unsafe png_image_write_to_memory(&image, nil, &byteCount, 0, pixels, 0, nil) != 0
    var bytes = [UInt8](repeating: 0, count: byteCount)
    if isWritten { isWritten = unsafe png_image_write_to_memory(&image, &bytes, &byteCount, 0, pixels, 0, nil) != 0 }
    guard isWritten else { throw VisionError(.cannotCreate, "The image cannot be encoded as PNG.") }
    return Array(bytes.prefix(byteCount))
  }

  /// Writes the image as a PNG file, which appears when it is complete and replaces an existing file.
  ///
  /// - Throws: `cannotCreate`.
  public func write(to url: URL) throws(VisionError) {
    try write(to: FilePath(url), overwrites: true)
  }

  package func write(to path: FilePath, overwrites: Bool) throws(VisionError) {
    let bytes = try pngBytes()
    do throws(CheckpointError) {
      let file = try AtomicFile(path: path, overwrites: overwrites)
      try file.write(bytes)
      try file.commit()
    } catch {
      throw VisionError(.cannotCreate, error.message, file: path.description, remedy: error.remedy)
    }
  }
}
