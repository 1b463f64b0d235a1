internal import CPth2swtJPEG
import VisionModels

/// Decodes JPEG with libjpeg, to the values that Pillow gives.
///
/// Grey is repeated, CMYK is taken as Adobe's (inverted) and multiplied out in Pillow's integers.
@safe final class JPEGDecoder {
  private let state: UnsafeMutablePointer<jpeg_decompress_struct>
  private let errors: UnsafeMutablePointer<jpeg_error_mgr>
  private let report: UnsafeMutablePointer<Report>

  /// What the library said.
  ///
  /// It lies in memory of its own, since the library's thread may end at any call.
  private struct Report {
    var code: Int32 = 0
    var isTruncated = false
  }

  private init() {
    unsafe state = .allocate(capacity: 1)
    unsafe errors = .allocate(capacity: 1)
    unsafe report = .allocate(capacity: 1)
    unsafe state.initialize(to: jpeg_decompress_struct())
    unsafe errors.initialize(to: jpeg_error_mgr())
    unsafe report.initialize(to: Report())
    unsafe state.pointee.err = unsafe jpeg_std_error(errors)
    unsafe state.pointee.client_data = UnsafeMutableRawPointer(report)
    unsafe errors.pointee.error_exit = { common in
      if let report = unsafe common?.pointee.client_data?.assumingMemoryBound(to: Report.self) {
        unsafe report.pointee.code = unsafe common?.pointee.err.pointee.msg_code ?? 0
      }
      CallThread.abandon()
    }
    unsafe errors.pointee.emit_message = { common, level in
      // The library ends a file that is cut short itself, and only warns.
      guard level < 0, unsafe common?.pointee.err.pointee.msg_code == Int32(JWRN_JPEG_EOF.rawValue) else { return }
      unsafe common?.pointee.client_data?.assumingMemoryBound(to: Report.self).pointee.isTruncated = true
    }
    unsafe errors.pointee.output_message = { _ in }
  }

  /// Frees all memory, the library's too.
  ///
  /// It also may be called before `open`: the library sees that it holds none.
  private func close() {
    unsafe jpeg_destroy_decompress(state)
    unsafe state.deallocate()
    unsafe errors.deallocate()
    unsafe report.deallocate()
  }

  /// The image in a file's bytes.
  ///
  /// - Throws: `malformedImage`, `imageSize`.
  static func decode(_ bytes: [UInt8]) throws(VisionError) -> Image {
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(VisionError) in
      let decoder = JPEGDecoder()
      defer { decoder.close() }
      var size = PixelSize(width: 0, height: 0)
      var components = 0
      guard CallThread.run({ unsafe (size, components) = decoder.open(bytes) }) else { throw decoder.error() }
      try Image.checkSize(size)
      guard [1, 3, 4].contains(components) else {
        throw VisionError(.malformedImage, "A JPEG with \(components) color components is not supported.")
      }
      // The library reads into this memory, which is ours whatever becomes of its thread.
      let rowByteCount = size.width * components
      let target = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rowByteCount * size.height)
      defer { unsafe target.deallocate() }
      unsafe target.update(repeating: 0)
      guard CallThread.run({ unsafe decoder.readRows(into: target, rowByteCount: rowByteCount) }) else {
        throw decoder.error()
      }
      if unsafe decoder.report.pointee.isTruncated { throw VisionError(.malformedImage, "The JPEG is truncated.") }
      return try unsafe Image(width: size.width, height: size.height, pixels: colors(Array(target), components))
    }
  }

  /// The corresponding C functions are `jpeg_create_decompress`, `jpeg_mem_src` and `jpeg_read_header`.
  private func open(_ bytes: UnsafeBufferPointer<UInt8>) -> (PixelSize, components: Int) {
    unsafe jpeg_CreateDecompress(state, JPEG_LIB_VERSION, MemoryLayout<jpeg_decompress_struct>.size)
    unsafe jpeg_mem_src(state, bytes.baseAddress, UInt(bytes.count))
    _ = unsafe jpeg_read_header(state, boolean(1))
    let size = unsafe PixelSize(width: Int(state.pointee.image_width), height: Int(state.pointee.image_height))
    return unsafe (size, Int(state.pointee.num_components))
  }

  /// The corresponding C functions are `jpeg_start_decompress`, `jpeg_read_scanlines` and `jpeg_finish_decompress`.
  private func readRows(into target: UnsafeMutableBufferPointer<UInt8>, rowByteCount: Int) {
    switch unsafe state.pointee.num_components {
    case 1: unsafe state.pointee.out_color_space = JCS_GRAYSCALE
    case 3: unsafe state.pointee.out_color_space = JCS_RGB
    default: unsafe state.pointee.out_color_space = JCS_CMYK
    }
    _ = unsafe jpeg_start_decompress(state)
    while unsafe state.pointee.output_scanline < state.pointee.output_height {
      let start = unsafe Int(state.pointee.output_scanline) * rowByteCount
      guard start + rowByteCount <= target.count else { return }
      var row = unsafe target.baseAddress.map { unsafe $0 + start }
      _ = unsafe jpeg_read_scanlines(state, &row, 1)
    }
    _ = unsafe jpeg_finish_decompress(state)
  }

  private func error() -> VisionError {
    VisionError(
      .malformedImage, "The JPEG cannot be decoded (libjpeg message \(unsafe report.pointee.code)).",
      remedy: "if an image viewer can open it, convert it to PNG")
  }

  private static func colors(_ samples: [UInt8], _ components: Int) -> [UInt8] {
    switch components {
    case 1: return samples.flatMap { [$0, $0, $0] }
    case 3: return samples
    default:
      var pixels = [UInt8]()
      pixels.reserveCapacity(samples.count / 4 * 3)
      for start in stride(from: 0, to: samples.count, by: 4) {
        let white = Int(samples[start + 3])
        for channel in 0..<3 {
          // Pillow's MULDIV255: a product of two bytes divided by 255 and rounded.
          let product = (255 - Int(samples[start + channel])) * white + 128
          pixels.append(UInt8(max(white - ((product >> 8) + product) >> 8, 0)))
        }
      }
      return pixels
    }
  }
}
