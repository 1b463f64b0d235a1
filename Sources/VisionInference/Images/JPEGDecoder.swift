internal import CPth2swtJPEG
import VisionModels

/// Decodes JPEG with libjpeg, to the values that Pillow gives.
///
/// Grey is repeated, CMYK is taken as Adobe's (inverted) and multiplied out in Pillow's integers.
@safe final class JPEGDecoder {
  private let state: UnsafeMutablePointer<jpeg_decompress_struct>
  private let errors: UnsafeMutablePointer<jpeg_error_mgr>
  private let report: UnsafeMutablePointer<Report>
  private let progress: UnsafeMutablePointer<jpeg_progress_mgr>

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
    unsafe progress = .allocate(capacity: 1)
    unsafe state.initialize(to: jpeg_decompress_struct())
    unsafe errors.initialize(to: jpeg_error_mgr())
    unsafe report.initialize(to: Report())
    unsafe progress.initialize(to: jpeg_progress_mgr())
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
    unsafe progress.pointee.progress_monitor = { common in
      // A scan of a few bytes goes over all coefficients, and a file may have any number of them.
      guard let common = unsafe common, unsafe common.pointee.is_decompressor != 0 else { return }
      let state = unsafe UnsafeRawPointer(common).assumingMemoryBound(to: jpeg_decompress_struct.self)
      if unsafe state.pointee.input_scan_number > JPEGDecoder.scanLimit { CallThread.abandon() }
    }
  }

  /// Encoders write about ten scans.
  private static let scanLimit: Int32 = 64

  /// Frees all memory, the library's too.
  ///
  /// It also may be called before `open`: the library sees that it holds none.
  private func close() {
    unsafe jpeg_destroy_decompress(state)
    unsafe state.deallocate()
    unsafe errors.deallocate()
    unsafe report.deallocate()
    unsafe progress.deallocate()
  }

  /// Decodes a file's bytes.
  ///
  /// - Throws: `malformedImage`, `imageSize`.
  static func decode(_ bytes: [UInt8], to rows: inout some ImageRows) throws(VisionError) {
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(VisionError) in
      let decoder = JPEGDecoder()
      defer { decoder.close() }
      var head = Head()
      guard CallThread.run({ unsafe head = decoder.open(bytes) }) else { throw decoder.error() }
      let (size, components) = (head.size, head.componentCount)
      try Image.checkSize(size)
      guard [1, 3, 4].contains(components) else {
        throw VisionError(.malformedImage, "A JPEG with \(components) color components is not supported.")
      }
      guard !head.hasSeveralScans || head.coefficientCount <= 3 * Image.largestProgressivePixelCount else {
        throw Image.tooLargeForProgression(size, "progressive")
      }
      // The library reads into this memory, which is ours whatever becomes of its thread.
      let rowByteCount = size.width * components
      let count = stripRowCount(size)
      let strip = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: rowByteCount * count)
      defer { unsafe strip.deallocate() }
      unsafe strip.update(repeating: 0)
      guard CallThread.run({ decoder.start() }) else { throw decoder.error() }
      try rows.begin(size)
      for first in stride(from: 0, to: size.height, by: count) {
        let part = unsafe UnsafeMutableBufferPointer(
          rebasing: strip[..<(rowByteCount * min(count, size.height - first))])
        guard CallThread.run({ unsafe decoder.read(into: part, rowByteCount: rowByteCount) }) else {
          throw decoder.error()
        }
        if components == 3 {
          unsafe rows.add(UnsafeBufferPointer(part), from: first)
        } else {
          unsafe colors(UnsafeBufferPointer(part), components).withUnsafeBufferPointer {
            unsafe rows.add($0, from: first)
          }
        }
      }
      guard CallThread.run({ decoder.finish() }) else { throw decoder.error() }
      if unsafe decoder.report.pointee.isTruncated { throw VisionError(.malformedImage, "The JPEG is truncated.") }
    }
  }

  /// What the header says.
  private struct Head {
    var size = PixelSize(width: 0, height: 0)
    var componentCount = 0
    /// Whether all coefficients must be in memory before a row is known.
    var hasSeveralScans = false
    /// The number of coefficients, two bytes each.
    var coefficientCount = 0
  }

  /// The corresponding C functions are `jpeg_create_decompress`, `jpeg_mem_src` and `jpeg_read_header`.
  private func open(_ bytes: UnsafeBufferPointer<UInt8>) -> Head {
    unsafe jpeg_CreateDecompress(state, JPEG_LIB_VERSION, MemoryLayout<jpeg_decompress_struct>.size)
    unsafe state.pointee.progress = unsafe progress
    unsafe jpeg_mem_src(state, bytes.baseAddress, UInt(bytes.count))
    _ = unsafe jpeg_read_header(state, boolean(1))
    let size = unsafe PixelSize(width: Int(state.pointee.image_width), height: Int(state.pointee.image_height))
    let count = unsafe Int(state.pointee.num_components)
    // A component has a part of the samples of the one that has most.
    let components = unsafe UnsafeBufferPointer(start: state.pointee.comp_info, count: count)
    let areas = unsafe components.map { unsafe Int($0.h_samp_factor) * Int($0.v_samp_factor) }
    let area = unsafe max(Int(state.pointee.max_h_samp_factor) * Int(state.pointee.max_v_samp_factor), 1)
    let (pixels, isTooLarge) = size.width.multipliedReportingOverflow(by: size.height)
    return unsafe Head(
      size: size, componentCount: count, hasSeveralScans: jpeg_has_multiple_scans(state) != 0,
      coefficientCount: isTooLarge || pixels > 1 << 40 ? .max : pixels * areas.reduce(0, +) / area)
  }

  /// The corresponding C function is `jpeg_start_decompress`.
  private func start() {
    switch unsafe state.pointee.num_components {
    case 1: unsafe state.pointee.out_color_space = JCS_GRAYSCALE
    case 3: unsafe state.pointee.out_color_space = JCS_RGB
    default: unsafe state.pointee.out_color_space = JCS_CMYK
    }
    _ = unsafe jpeg_start_decompress(state)
  }

  /// The corresponding C function is `jpeg_read_scanlines`.
  private func read(into rows: UnsafeMutableBufferPointer<UInt8>, rowByteCount: Int) {
    var place = 0
    while place < rows.count, unsafe state.pointee.output_scanline < state.pointee.output_height {
      var row = unsafe rows.baseAddress.map { unsafe $0 + place }
      guard unsafe jpeg_read_scanlines(state, &row, 1) == 1 else { return }
      place += rowByteCount
    }
  }

  /// The corresponding C function is `jpeg_finish_decompress`.
  private func finish() { _ = unsafe jpeg_finish_decompress(state) }

  private func error() -> VisionError {
    VisionError(
      .malformedImage, "The JPEG cannot be decoded (libjpeg message \(unsafe report.pointee.code)).",
      remedy: "if an image viewer can open it, convert it to PNG")
  }

  /// Grey or CMYK as red, green and blue.
  private static func colors(_ samples: UnsafeBufferPointer<UInt8>, _ components: Int) -> [UInt8] {
    var pixels = [UInt8]()
    pixels.reserveCapacity(samples.count / components * 3)
    switch components {
    case 1:
      for place in samples.indices {
        let sample = unsafe samples[place]
        pixels.append(sample)
        pixels.append(sample)
        pixels.append(sample)
      }
    default:
      for start in stride(from: 0, to: samples.count, by: 4) {
        let white = unsafe Int(samples[start + 3])
        for channel in 0..<3 {
          // Pillow's MULDIV255: a product of two bytes divided by 255 and rounded.
          let product = unsafe (255 - Int(samples[start + channel])) * white + 128
          pixels.append(UInt8(max(white - ((product >> 8) + product) >> 8, 0)))
        }
      }
    }
    return pixels
  }
}
