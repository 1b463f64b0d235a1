package import VisionModels

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

  /// All numbers as they lie, with the zeros that fill up blocks of channels.
  var numbers: UnsafeBufferPointer<Float> {
    unsafe UnsafeBufferPointer(start: buffer.floats, count: layout.byteCount / MemoryLayout<Float>.stride)
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

  /// The values of one image with the channels of a pixel side by side, [H, W, C]: for [A * k] channels, in the order
  /// in which torchvision flattens the predictions of A anchors.
  ///
  /// - Parameter wanted: Some of the channels.
  package func channelsLast(image: Int, channels wanted: Range<Int>) throws(VisionError) -> [Float] {
    let runs = try requiredChannelRuns
    precondition(image < shape[0] && wanted.upperBound <= shape[1])
    let source = unsafe buffer.floats
    let places = wanted.map { runs.offset(image, $0, 0, 0) }
    let (height, width) = (shape[2], shape[3])
    return unsafe [Float](unsafeUninitializedCapacity: wanted.count * height * width) { target, count in
      for row in 0..<height {
        for column in 0..<width {
          let pixel = row * runs.rowStride + column * runs.pixelStride
          for place in places {
            unsafe target[count] = unsafe source[place + pixel]
            count += 1
          }
        }
      }
    }
  }

  /// Some of the channels, as an activation of their own.
  package func channels(_ wanted: Range<Int>) throws(VisionError) -> Activation {
    let area = shape[2...].reduce(1, *)
    let all = try values()
    let parts = (0..<shape[0]).flatMap { image in
      all[(image * shape[1] + wanted.lowerBound) * area..<(image * shape[1] + wanted.upperBound) * area]
    }
    return try arithmetic.activation([shape[0], wanted.count] + shape[2...], parts)
  }
}
