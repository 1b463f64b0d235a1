import VisionModels

/// What a step computes, once its memory is known.
protocol Kernel {
  func callAsFunction(_ memory: StepMemory)
}

/// A kernel with the layouts of what it reads and writes, ready to be run with any weights of its shape.
final class Step {
  let source: Layout
  let weights: Layout?
  let destination: Layout
  let scratch: Layout?
  private let kernel: any Kernel

  init(source: Layout, destination: Layout, weights: Layout? = nil, scratch: Layout? = nil, kernel: any Kernel) {
    self.source = source
    self.destination = destination
    self.weights = weights
    self.scratch = scratch
    self.kernel = kernel
  }

  /// Runs the step.
  func run(_ memory: StepMemory) throws(VisionError) { kernel(memory) }
}

/// The sizes of a channels-last activation, [N, H, W, C].
struct ImageSize {
  let images, height, width, channels: Int

  /// - Parameter layout: Of [N, C, H, W].
  init(_ layout: Layout) {
    (images, channels) = (layout.dimensions[0], layout.dimensions[1])
    (height, width) = (layout.dimensions[2], layout.dimensions[3])
  }

  var pixelCount: Int { images * height * width }

  /// Where a pixel's channels begin, counted in floats.
  func offset(_ image: Int, _ row: Int, _ column: Int) -> Int {
    ((image * height + row) * width + column) * channels
  }
}

/// What follows the sums of a convolution: the bias, and the nonlinearity.
struct Finish {
  let channels: Int
  let bottom, top: Float

  init(channels: Int, then: Nonlinearity) {
    self.channels = channels
    bottom = then == .none ? -.infinity : 0
    top = then == .relu6 ? 6 : .infinity
  }

  /// Finishes some pixels, which are best still in the cache.
  func callAsFunction(_ pixels: UnsafeMutablePointer<Float>, count: Int, bias: UnsafePointer<Float>) {
    for pixel in 0..<count {
      let row = unsafe pixels + pixel * channels
      for channel in 0..<channels {
        let sum = unsafe row[channel] + bias[channel]
        // Comparisons that let a NaN through, as torch's do.
        unsafe row[channel] = sum < bottom ? bottom : sum > top ? top : sum
      }
    }
  }
}
