import StateDicts
import VisionModels

/// What takes the rows of an image, red, green and blue of each pixel, as they are decoded from the top.
///
/// So an image of 805 MB can be resized in the memory of the result.
protocol ImageRows {
  /// Called once, before any row.
  mutating func begin(_ size: PixelSize) throws(VisionError)
  /// Called with some rows, of which `first` is the number of the first.
  mutating func add(_ rows: UnsafeBufferPointer<UInt8>, from first: Int)
}

/// All rows, as the pixels of an image.
struct WholeImage: ImageRows {
  private(set) var size = PixelSize(width: 0, height: 0)
  private(set) var pixels: [UInt8] = []

  mutating func begin(_ size: PixelSize) {
    self.size = size
    pixels.reserveCapacity(3 * size.width * size.height)
  }

  mutating func add(_ rows: UnsafeBufferPointer<UInt8>, from first: Int) { unsafe pixels.append(contentsOf: rows) }
}

/// How many rows are decoded at once.
///
/// Decoders run on threads of their own (`CallThread`), and each start of one costs as much as some kilobytes.
func stripRowCount(_ size: PixelSize) -> Int { min(max((1 << 20) / (3 * max(size.width, 1)), 1), size.height) }

extension Image {
  /// Decodes a JPEG or PNG, row by row.
  ///
  /// - Throws: `malformedImage`, `imageSize`.
  static func decode(_ bytes: [UInt8], to rows: inout some ImageRows) throws(VisionError) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      try JPEGDecoder.decode(bytes, to: &rows)
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      try PNGDecoder.decode(bytes, to: &rows)
    } else {
      throw VisionError(
        .malformedImage, bytes.isEmpty ? "The file is empty." : "The file is neither a JPEG nor a PNG.",
        remedy: "convert the image to JPEG or PNG")
    }
  }

  /// Decodes the file at a path, row by row.
  ///
  /// - Parameter make: Makes what takes the rows, for an orientation.
  /// - Throws: `notFound`, `notReadable`, `malformedImage`, `imageSize`, each with the file's name.
  static func decode<Rows: ImageRows>(
    at path: FilePath, _ make: (Orientation) -> Rows
  ) throws(VisionError) -> Rows {
    let bytes: [UInt8]
    do { bytes = try path.contents() } catch { throw VisionError(reading: error) }
    do throws(VisionError) {
      var rows = make(Orientation(ofFile: bytes))
      try decode(bytes, to: &rows)
      return rows
    } catch {
      throw error.located(file: path.description)
    }
  }
}
