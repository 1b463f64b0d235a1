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
  package static func resized(_ image: Image, to size: PixelSize) -> Image {
    var pixels = image.pixels
    if size.width != image.size.width {
      pixels = along(
        pixels, taps(image.size.width, size.width), lines: image.size.height, lineStep: 3 * image.size.width,
        step: 3, outputs: size.width, outputLineStep: 3 * size.width, outputStep: 3,
        count: 3 * size.width * image.size.height)
    }
    if size.height != image.size.height {
      pixels = along(
        pixels, taps(image.size.height, size.height), lines: size.width, lineStep: 3, step: 3 * size.width,
        outputs: size.height, outputLineStep: 3, outputStep: 3 * size.width, count: 3 * size.width * size.height)
    }
    return Image(size: size, pixels: pixels)
  }

  private static func taps(_ inputs: Int, _ outputs: Int) -> [Taps] {
    let scale = Double(inputs) / Double(outputs)
    let support = max(scale, 1)
    return (0..<outputs).map { output in
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
    _ pixels: [UInt8], _ taps: [Taps], lines: Int, lineStep: Int, step: Int, outputs: Int, outputLineStep: Int,
    outputStep: Int, count: Int
  ) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    let half = 1 << (precision - 1)
    for line in 0..<lines {
      for output in 0..<outputs {
        let tap = taps[output]
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
