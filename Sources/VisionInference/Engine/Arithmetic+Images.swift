import VisionModels

extension Arithmetic {
  /// An activation of zeros, in C order.
  func zeros(_ shape: [Int]) throws(VisionError) -> Activation {
    let result = try activation(Layout(plain: shape))
    unsafe result.buffer.floats.update(repeating: 0, count: shape.reduce(1, *))
    return result
  }

  /// Writes an image into a batch, normalized and resized: bilinear between pixel centres, without antialiasing.
  ///
  /// Source: torch's `interpolate(mode="bilinear", align_corners=False)`, with the same float32 steps
  /// (`aten/src/ATen/native/UpSample.h`, `area_pixel_compute_source_index`).
  func resize(
    _ image: Image, to size: PixelSize, mean: [Float], std: [Float], into batch: Activation, at index: Int
  ) {
    let (height, width) = (batch.shape[2], batch.shape[3])
    let target = SharedFloats(batch.buffer, offset: index * 3 * height * width)
    // A pixel has 256 values, so each is normalized once.
    let levels = (0..<3).map { channel in
      (0..<256).map { (Float($0) / 255 - mean[channel]) / std[channel] }
    }
    let rows = LinearSamples(image.size.height, size.height)
    let columns = LinearSamples(image.size.width, size.width)
    concurrently(size.height, threadCount: threadCount) { row in
      unsafe image.pixels.withUnsafeBufferPointer { pixels in
        let first = rows.low[row] * image.size.width * 3
        let second = rows.high[row] * image.size.width * 3
        let (top, bottom) = (rows.lowWeight[row], rows.highWeight[row])
        for channel in 0..<3 {
          unsafe levels[channel].withUnsafeBufferPointer { level in
            let line = unsafe target.start + (channel * height + row) * width
            for column in 0..<size.width {
              let (left, right) = (columns.low[column] * 3 + channel, columns.high[column] * 3 + channel)
              let (near, far) = (columns.lowWeight[column], columns.highWeight[column])
              let above = unsafe near * level[Int(pixels[first + left])] + far * level[Int(pixels[first + right])]
              let below = unsafe near * level[Int(pixels[second + left])] + far * level[Int(pixels[second + right])]
              unsafe line[column] = top * above + bottom * below
            }
          }
        }
      }
    }
  }
}

/// The two neighbours of each output pixel on one axis, and their weights.
private struct LinearSamples: Sendable {
  var low: [Int] = []
  var high: [Int] = []
  var lowWeight: [Float] = []
  var highWeight: [Float] = []

  init(_ inputs: Int, _ outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    for index in 0..<outputs {
      let place = max(scale * (Float(index) + 0.5) - 0.5, 0)
      let first = min(Int(place), inputs - 1)
      let fraction = min(max(place - Float(first), 0), 1)
      low.append(first)
      high.append(first < inputs - 1 ? first + 1 : first)
      lowWeight.append(1 - fraction)
      highWeight.append(fraction)
    }
  }
}
