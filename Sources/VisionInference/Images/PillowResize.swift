/// Resizes as Pillow does with `BILINEAR`: a triangle as wide as the scale, so that nothing between is skipped.
///
/// First along rows, then along columns, each rounded to 8 bits; weights are integers of 22 fractional bits.
/// Source: Pillow's `src/libImaging/Resample.c`.
package struct PillowResize {
  private static let precision = 22

  /// Which inputs make an output, and by how much.
  private struct Taps {
    let first: Int
    let weights: [Int]
  }

  /// The image at another size; itself where it has that size.
  ///
  /// - Parameters:
  ///   - columns: The columns of the resized image to compute (default: all).
  ///   - rows: Which rows of it.
  package static func resized(
    _ image: Image, to size: PixelSize, columns: Range<Int>? = nil, rows: Range<Int>? = nil
  ) -> Image {
    let (columns, rows) = (columns ?? 0..<size.width, rows ?? 0..<size.height)
    let height = image.size.height
    var pixels = image.pixels
    if columns != 0..<image.size.width || size.width != image.size.width {
      pixels = along(
        pixels, taps(image.size.width, size.width, columns), lines: height, lineStep: 3 * image.size.width, step: 3,
        outputLineStep: 3 * columns.count, outputStep: 3)
    }
    if rows != 0..<height || size.height != height {
      pixels = along(
        pixels, taps(height, size.height, rows), lines: columns.count, lineStep: 3, step: 3 * columns.count,
        outputLineStep: 3, outputStep: 3 * columns.count)
    }
    return Image(size: PixelSize(width: columns.count, height: rows.count), pixels: pixels)
  }

  /// The taps of some of an axis's outputs.
  private static func taps(_ inputs: Int, _ outputs: Int, _ wanted: Range<Int>) -> [Taps] {
    let scale = Double(inputs) / Double(outputs)
    let support = max(scale, 1)
    return wanted.map { output in
      let center = (Double(output) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), inputs)
      let weights = (first..<end).map { max(1 - abs((Double($0) - center + 0.5) / support), 0) }
      let sum = weights.reduce(0, +)
      return Taps(
        first: first,
        weights: weights.map { weight in
          Int((sum == 0 ? weight : weight / sum) * Double(1 << precision) + 0.5)
        })
    }
  }

  /// Resizes every line of pixels, three bytes each; steps are counted in bytes.
  private static func along(
    _ pixels: [UInt8], _ taps: [Taps], lines: Int, lineStep: Int, step: Int, outputLineStep: Int, outputStep: Int
  ) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 3 * lines * taps.count)
    let half = 1 << (precision - 1)
    for line in 0..<lines {
      for (output, tap) in taps.enumerated() {
        let start = line * lineStep + tap.first * step
        for channel in 0..<3 {
          var sum = half
          var place = start + channel
          for weight in tap.weights {
            sum += Int(pixels[place]) * weight
            place += step
          }
          result[line * outputLineStep + output * outputStep + channel] = UInt8(min(max(sum >> precision, 0), 255))
        }
      }
    }
    return result
  }
}
