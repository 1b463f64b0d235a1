/// What one layer gives to the next: numbers of a shape, [N, C, H, W] or [N, features], in the layout that suits the
/// arithmetic.
///
/// It stays on the thread that made it.
package struct Activation {
  let layout: Layout
  var buffer: Buffer
  /// What it is computed with, so that a layer needs nothing else to go on.
  let arithmetic: Arithmetic

  /// The size of each dimension.
  package var shape: [Int] { layout.dimensions }
}

extension Activation {
  /// The values in C order.
  package func values() throws(VisionError) -> [Float] {
    let plain = try arithmetic.arranged(self, as: Layout(plain: shape))
    let count = shape.reduce(1, *)
    return unsafe Array(UnsafeBufferPointer(start: plain.buffer.floats, count: count))
  }

  /// How our own kernels walk it.
  var requiredChannelRuns: ChannelRuns {
    get throws(VisionError) {
      guard let runs = layout.channelRuns else {
        throw VisionError(.arithmetic, "An activation of shape \(shape) has no pixels to read.")
      }
      return runs
    }
  }

  /// The values of one image with the channels of a pixel side by side, [H, W, C]: for [A * k] channels, in the order in
  /// which torchvision flattens the predictions of A anchors.
  package func channelsLast(image: Int) throws(VisionError) -> [Float] {
    let runs = try requiredChannelRuns
    precondition(image < shape[0])
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    let source = unsafe buffer.floats
    return unsafe [Float](unsafeUninitializedCapacity: channels * height * width) { target, count in
      var next = 0
      for row in 0..<height {
        for column in 0..<width {
          for run in 0..<runs.runCount {
            let start = runs.offset(image, run * runs.runLength, row, column)
            let length = min(runs.runLength, channels - run * runs.runLength)
            for index in 0..<length { unsafe target[next + index] = unsafe source[start + index] }
            next += length
          }
        }
      }
      count = next
    }
  }
}
