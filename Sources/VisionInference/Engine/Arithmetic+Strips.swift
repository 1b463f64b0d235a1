import VisionModels

extension Arithmetic {
  /// A 3x3 convolution by Winograd's algorithm, some rows at a time: [N, C, H, W] to [N, out, H, W] in `result`.
  ///
  /// A strip and its transformed tiles stay in the cache, and scratch memory is a strip's. Each strip is copied with
  /// the row above and the row below it (zeros at the image's edges) and its result is copied back, since kernels take
  /// no part of an activation. The last strip ends with the image, so it may begin among rows that are done: those are
  /// computed once more and left where they are.
  ///
  /// - Parameters:
  ///   - step: The kernel of one strip, of `strip(of:_:images:width:isAdding:then:)`.
  ///   - result: Holds what is added, where `isAdding`.
  func runStrips(
    _ step: Step, _ x: Activation, _ weights: PreparedWeights, isAdding: Bool, into result: Activation
  ) throws(VisionError) {
    let (height, imageHeight) = (step.destination.dimensions[2], x.shape[2])
    let (input, output) = (try activation(step.source), try activation(step.destination))
    var done = 0
    while done < imageHeight {
      let start = min(done, imageHeight - height)
      let (first, last) = (max(start - 1, 0), min(start + height + 1, imageHeight))
      if start == 0 { clear(row: 0, of: input) }
      if last < start + height + 1 { clear(row: height + 1, of: input) }
      try copy(rows: first..<last, of: x, toRow: first - start + 1, of: input)
      if isAdding { try copy(rows: start..<start + height, of: result, toRow: 0, of: output) }
      try run(step, input, weights, into: output)
      try copy(rows: done - start..<height, of: output, toRow: done, of: result)
      done = start + height
    }
  }

  /// The kernel for strips of a height.
  func strip(
    of height: Int, _ shape: ConvolutionShape, images: Int, width: Int, isAdding: Bool, then: Nonlinearity
  ) throws(VisionError) -> Step {
    var shape = shape
    shape.isStrip = true
    return try convolution(
      shape, library.preferredLayout([images, shape.inputs, height + 2, width]),
      library.preferredLayout([images, shape.outputs, height, width]), isAdding: isAdding, then)
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
  fileprivate func address(ofRow row: Int) -> UnsafeMutablePointer<Float> {
    unsafe buffer.floats + (layout.channelRuns?.offset(0, 0, row, 0) ?? 0)
  }
}
