internal import CPth2swtPNG

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension Image {
  /// The picture as a PNG file's bytes.
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
    guard isWritten else { throw VisionError(.cannotCreate, "The picture could not be packed as PNG.") }
    return Array(bytes.prefix(byteCount))
  }

  /// Writes the picture as a PNG file, beside the target first and renamed then.
  ///
  /// - Throws: `cannotCreate`.
  public func write(to url: URL) throws(VisionError) {
    let data = Data(try pngBytes())
    do {
      try data.write(to: url, options: .atomic)
    } catch {
      throw VisionError(
        .cannotCreate, "The picture cannot be written.", file: url.path, remedy: "check the folder and its permissions")
    }
  }
}
