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
  func resize(_ image: ImageSamples, mean: [Float], std: [Float], into batch: Activation, at index: Int) {
    let (height, width) = (batch.shape[2], batch.shape[3])
    let target = SharedFloats(batch.buffer, offset: index * 3 * height * width)
    // A pixel has 256 values, so each is normalized once.
    let levels = (0..<3).map { channel in
      (0..<256).map { (Float($0) / 255 - mean[channel]) / std[channel] }
    }
    let (rows, columns) = (image.rows, image.columns)
    concurrently(rows.low.count, threadCount: threadCount) { row in
      unsafe image.pixels.withUnsafeBufferPointer { pixels in
        let first = rows.low[row] * image.rowByteCount
        let second = rows.high[row] * image.rowByteCount
        let (top, bottom) = (rows.lowWeight[row], rows.highWeight[row])
        for channel in 0..<3 {
          unsafe levels[channel].withUnsafeBufferPointer { level in
            let line = unsafe target.start + (channel * height + row) * width
            for column in columns.low.indices {
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
