extension Arithmetic {
  /// A 3x3 convolution by Winograd's algorithm, some rows at a time: [N, C, H, W] to [N, out, H, W] in `result`.
  ///
  /// A strip and its transformed tiles stay in the cache, and scratch memory is a strip's. Each strip is copied with the
  /// row above and the row below it (zeros at the image's edges) and its result is copied back, since kernels take no
  /// part of an activation. The last strip ends with the image, so it may begin among rows that are done: those are
  /// computed once more and left where they are.
  ///
  /// - Parameter result: Holds what is added, where `isAdding`.
  func convolveStrips(
    of height: Int, _ x: Activation, _ weights: FoldedWeights, _ shape: ConvolutionShape, isAdding: Bool,
    then: Nonlinearity, into result: Activation
  ) throws {
    var shape = shape
    shape.isStrip = true
    let (images, imageHeight, width) = (x.shape[0], x.shape[2], x.shape[3])
    let source = try library.preferredLayout([images, shape.inputs, height + 2, width])
    let destination = try library.preferredLayout([images, shape.outputs, height, width])
    let step = try convolution(shape, source, destination, isAdding: isAdding, then)
    let prepared = try prepared(weights, shape, step)
    let (input, output) = (try activation(source), try activation(destination))
    var done = 0
    while done < imageHeight {
      let start = min(done, imageHeight - height)
      let (first, last) = (max(start - 1, 0), min(start + height + 1, imageHeight))
      if start == 0 { clear(row: 0, of: input) }
      if last < start + height + 1 { clear(row: height + 1, of: input) }
      try copy(rows: first..<last, of: x, toRow: first - start + 1, of: input)
      if isAdding { try copy(rows: start..<start + height, of: result, toRow: 0, of: output) }
      try run(step, input, prepared, into: output)
      try copy(rows: done - start..<height, of: output, toRow: done, of: result)
      done = start + height
    }
  }

  private func copy(rows: Range<Int>, of x: Activation, toRow row: Int, of target: Activation) throws(VisionError) {
    try unsafe reorder(
      x.address(ofRow: rows.lowerBound), x.layout.rows(rows.count), into: target.address(ofRow: row),
      target.layout.rows(rows.count))
  }

  private func clear(row: Int, of x: Activation) {
    guard let runs = x.layout.channelRuns else { return }
    for image in 0..<x.shape[0] {
      for run in 0..<runs.runCount {
        let place = runs.offset(image, run * runs.runLength, row, 0)
        unsafe (x.buffer.floats + place).update(repeating: 0, count: x.shape[3] * runs.pixelStride)
      }
    }
  }
}

extension Activation {
  /// Where a row begins in the first channels of the first image.
  fileprivate func address(ofRow row: Int) -> UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(buffer.floats + (layout.channelRuns?.offset(0, 0, row, 0) ?? 0))
  }
}
