package import VisionModels

extension Arithmetic {
  /// Makes an activation larger by repeating pixels, to a height and width. (torch: `interpolate(mode="nearest")`)
  ///
  /// The pixel at `i` comes from `floor(i * in / out)`, in float32 as in torch.
  package func upsampled(_ x: Activation, height: Int, width: Int) throws(VisionError) -> Activation {
    let source = try arranged(x, as: library.preferredLayout(x.shape))
    let result = try activation(library.preferredLayout([x.shape[0], x.shape[1], height, width]))
    let (from, to) = (try source.requiredChannelRuns, try result.requiredChannelRuns)
    let rows = nearest(x.shape[2], height)
    let columns = nearest(x.shape[3], width)
    let length = from.runLength
    let (input, output) = (SharedFloats(source.buffer), SharedFloats(result.buffer))
    concurrently(x.shape[0] * from.runCount * height, threadCount: threadCount) { index in
      let (place, row) = index.quotientAndRemainder(dividingBy: height)
      let (image, run) = place.quotientAndRemainder(dividingBy: from.runCount)
      let first = unsafe input.start + from.offset(image, run * length, rows[row], 0)
      let target = unsafe output.start + to.offset(image, run * length, row, 0)
      for column in 0..<width {
        let pixel = unsafe first + columns[column] * from.pixelStride
        unsafe (target + column * to.pixelStride).update(from: pixel, count: length)
      }
    }
    result.buffer.bound = source.buffer.bound
    return result
  }

  private func nearest(_ inputs: Int, _ outputs: Int) -> [Int] {
    let scale = Float(inputs) / Float(outputs)
    return (0..<outputs).map { min(Int(Float($0) * scale), inputs - 1) }
  }

  /// Returns the activation after a nonlinearity.
  package func applying(_ nonlinearity: Nonlinearity, to x: Activation) throws(VisionError) -> Activation {
    let result = try activation(x.layout)
    let count = x.layout.byteCount / MemoryLayout<Float>.stride
    let (input, output) = unsafe (x.buffer.floats, result.buffer.floats)
    let top: Float = nonlinearity == .relu6 ? 6 : .infinity
    let bottom: Float = nonlinearity == .none ? -.infinity : 0
    for index in 0..<count {
      let value = unsafe input[index]
      // Comparisons that let a NaN through, as torch's do.
      unsafe output[index] = value < bottom ? bottom : value > top ? top : value
    }
    return result
  }

  /// The sum of two activations of one shape.
  package func sum(_ left: Activation, _ right: Activation) throws(VisionError) -> Activation {
    guard left.shape == right.shape else {
      throw VisionError(.arithmetic, "Activations of shapes \(left.shape) and \(right.shape) cannot be added.")
    }
    let other = try arranged(right, as: left.layout)
    let result = try activation(left.layout)
    let (one, two, output) = unsafe (left.buffer.floats, other.buffer.floats, result.buffer.floats)
    for index in 0..<left.layout.byteCount / MemoryLayout<Float>.stride {
      unsafe output[index] = unsafe one[index] + two[index]
    }
    return result
  }

  /// Each channel times a number, plus a number: a normalization on its own, where no convolution comes before it.
  package func scaled(_ x: Activation, by scale: [Float], plus shift: [Float]) throws(VisionError) -> Activation {
    var values = try x.values()
    let pixels = x.shape.dropFirst(2).reduce(1, *)
    for start in stride(from: 0, to: values.count, by: pixels) {
      let channel = start / pixels % x.shape[1]
      for index in start..<start + pixels { values[index] = values[index] * scale[channel] + shift[channel] }
    }
    return try activation(x.shape, values)
  }
}
