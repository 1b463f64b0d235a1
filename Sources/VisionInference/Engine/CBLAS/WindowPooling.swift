/// The largest or mean number of each window, channel by channel.
struct WindowPooling: Kernel {
  let kind: Pooling
  let shape: WindowShape
  let input: ImageSize
  let output: ImageSize
  let threadCount: Int

  func callAsFunction(_ memory: StepMemory) {
    concurrently(output.images * output.height, threadCount: threadCount) { line in
      let (image, row) = line.quotientAndRemainder(dividingBy: output.height)
      let rows = inside(row, shape.height, input.height)
      for column in 0..<output.width {
        let columns = inside(column, shape.width, input.width)
        let result = unsafe memory.destination + output.offset(image, row, column)
        unsafe result.update(repeating: kind == .maximum ? -.infinity : 0, count: output.channels)
        for y in rows {
          for x in columns { unsafe take(memory.source + input.offset(image, y, x), into: result) }
        }
        guard kind == .mean else { continue }
        let count = Float(rows.count * columns.count)
        for channel in 0..<output.channels { unsafe result[channel] /= count }
      }
    }
  }

  /// The part of a window that lies inside the image, on one axis.
  private func inside(_ place: Int, _ length: Int, _ limit: Int) -> Range<Int> {
    let start = place * shape.stride - shape.padding
    return (start..<start + length).clamped(to: 0..<limit)
  }

  private func take(_ pixel: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
    if kind == .maximum {
      for channel in 0..<output.channels {
        unsafe result[channel] = pixel[channel] > result[channel] ? pixel[channel] : result[channel]
      }
    } else {
      for channel in 0..<output.channels { unsafe result[channel] += pixel[channel] }
    }
  }
}
