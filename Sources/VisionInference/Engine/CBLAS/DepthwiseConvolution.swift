/// A convolution of each channel by itself, as many out as in.
struct DepthwiseConvolution: Kernel {
  let shape: ConvolutionShape
  let input: ImageSize
  let output: ImageSize
  let isAdding: Bool
  let finish: Finish
  let threadCount: Int

  func callAsFunction(_ memory: StepMemory) {
    concurrently(output.images * output.height, threadCount: threadCount) { line in
      guard let weights = unsafe memory.weights, let bias = unsafe memory.bias else { return }
      let (image, row) = line.quotientAndRemainder(dividingBy: output.height)
      let sums = unsafe memory.destination + output.offset(image, row, 0)
      if !isAdding { unsafe sums.update(repeating: 0, count: output.width * output.channels) }
      for column in 0..<output.width {
        unsafe add(memory.source, weights, image, row, column, to: sums + column * output.channels)
      }
      unsafe finish(sums, count: output.width, bias: bias)
    }
  }

  /// Adds the products of one output pixel's window.
  private func add(
    _ source: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ image: Int, _ row: Int, _ column: Int,
    to sums: UnsafeMutablePointer<Float>
  ) {
    for y in 0..<shape.kernel {
      let sourceRow = row * shape.stride - shape.padding + y * shape.dilation
      guard sourceRow >= 0, sourceRow < input.height else { continue }
      for x in 0..<shape.kernel {
        let sourceColumn = column * shape.stride - shape.padding + x * shape.dilation
        guard sourceColumn >= 0, sourceColumn < input.width else { continue }
        let pixel = unsafe source + input.offset(image, sourceRow, sourceColumn)
        let factors = unsafe weights + (y * shape.kernel + x) * input.channels
        for channel in 0..<input.channels { unsafe sums[channel] += pixel[channel] * factors[channel] }
      }
    }
  }
}
