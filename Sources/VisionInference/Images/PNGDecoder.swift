internal import CPth2swtPNG
import VisionModels

/// Decodes PNG with libpng, to the values that Pillow gives: palettes looked up, grey repeated, alpha left out, the
/// high byte of 16 bits; gamma and colour profiles have no say.
@safe final class PNGDecoder {
  private var png: png_structp?
  private var info: png_infop?
  private let input: UnsafeMutablePointer<Input>

  /// What is read, and what the library said.
  ///
  /// It lies in memory of its own, since the library's thread may end at any call.
  @safe private struct Input {
    let start: UnsafePointer<UInt8>?
    let byteCount: Int
    var position = 0
    var isTruncated = false
  }

  private init(_ bytes: UnsafeBufferPointer<UInt8>) {
    unsafe input = .allocate(capacity: 1)
    unsafe input.initialize(to: Input(start: bytes.baseAddress, byteCount: bytes.count))
  }

  /// Frees all memory, the library's too.
  ///
  /// It also may be called before `open`.
  private func close() {
    unsafe png_destroy_read_struct(&png, &info, nil)
    unsafe input.deallocate()
  }

  /// Decodes a file's bytes.
  ///
  /// - Throws: `malformedImage`, `imageSize`.
  static func decode(_ bytes: [UInt8], to rows: inout some ImageRows) throws(VisionError) {
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(VisionError) in
      let decoder = unsafe PNGDecoder(bytes)
      defer { decoder.close() }
      var size = PixelSize(width: 0, height: 0)
      guard CallThread.run({ size = decoder.open() }) else { throw decoder.error() }
      try Image.checkSize(size)
      let rowByteCount = 3 * size.width
      var passCount = 0
      guard CallThread.run({ passCount = decoder.prepare(rowByteCount: rowByteCount) }), passCount > 0 else {
        throw decoder.error()
      }
      // The passes of an interlaced image go over all rows again and again.
      guard passCount == 1 || size.width * size.height <= Image.largestProgressivePixelCount else {
        throw Image.tooLargeForProgression(size, "interlaced")
      }
      let count = passCount == 1 ? stripRowCount(size) : size.height
      // The library reads into this memory, which is ours whatever becomes of its thread.
      let strip = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rowByteCount * count)
      defer { unsafe strip.deallocate() }
      unsafe strip.update(repeating: 0)
      try rows.begin(size)
      for first in stride(from: 0, to: size.height, by: count) {
        let part = unsafe UnsafeMutableBufferPointer(
          rebasing: strip[..<(rowByteCount * min(count, size.height - first))])
        guard
          CallThread.run({
            for _ in 0..<passCount { unsafe decoder.read(into: part, rowByteCount: rowByteCount) }
          })
        else { throw decoder.error() }
        unsafe rows.add(UnsafeBufferPointer(part), from: first)
      }
    }
  }

  /// The corresponding C functions are `png_create_read_struct`, `png_set_read_fn` and `png_read_info`.
  private func open() -> PixelSize {
    unsafe png = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, input,
      { _, _ in CallThread.abandon() }, { _, _ in })
    unsafe info = png_create_info_struct(png)
    unsafe png_set_read_fn(png, input) { png, target, count in
      guard let input = unsafe png_get_io_ptr(png)?.assumingMemoryBound(to: Input.self),
        let target = unsafe target, let start = unsafe input.pointee.start,
        unsafe input.pointee.byteCount - input.pointee.position >= count
      else {
        if let input = unsafe png_get_io_ptr(png)?.assumingMemoryBound(to: Input.self) {
          unsafe input.pointee.isTruncated = true
        }
        CallThread.abandon()
      }
      unsafe target.update(from: start + input.pointee.position, count: count)
      unsafe input.pointee.position += count
    }
    unsafe png_read_info(png, info)
    return unsafe PixelSize(width: Int(png_get_image_width(png, info)), height: Int(png_get_image_height(png, info)))
  }

  /// Asks for rows of red, green, blue.
  ///
  /// The corresponding C function is `png_read_update_info`.
  ///
  /// - Returns: How often the rows are to be read; 0 if the library would give other rows than that.
  private func prepare(rowByteCount: Int) -> Int {
    let kind = unsafe Int32(png_get_color_type(png, info))
    unsafe png_set_strip_16(png)
    if kind == PNG_COLOR_TYPE_PALETTE { unsafe png_set_palette_to_rgb(png) }
    if kind == PNG_COLOR_TYPE_GRAY || kind == PNG_COLOR_TYPE_GRAY_ALPHA {
      unsafe png_set_expand_gray_1_2_4_to_8(png)
      unsafe png_set_gray_to_rgb(png)
    }
    unsafe png_set_strip_alpha(png)
    let passCount = unsafe Int(png_set_interlace_handling(png))
    unsafe png_read_update_info(png, info)
    return unsafe png_get_rowbytes(png, info) == rowByteCount ? passCount : 0
  }

  /// The corresponding C function is `png_read_row`.
  private func read(into rows: UnsafeMutableBufferPointer<UInt8>, rowByteCount: Int) {
    guard let start = rows.baseAddress else { return }
    for place in stride(from: 0, to: rows.count, by: rowByteCount) { unsafe png_read_row(png, start + place, nil) }
  }

  private func error() -> VisionError {
    VisionError(
      .malformedImage, unsafe input.pointee.isTruncated ? "The PNG is truncated." : "The PNG cannot be decoded.",
      remedy: "if an image viewer can open it, save it again")
  }
}
