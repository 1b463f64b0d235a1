internal import CPth2swtCBLAS
import StateDicts
import VisionModels

/// A convolution as matrix products: the windows of some output pixels, copied side by side, are the rows of one matrix,
/// the weights those of the other.
///
/// Windows of one pixel are rows already and are read where they lie.
struct MatrixConvolution: Kernel {
  private let shape: ConvolutionShape
  private let input: ImageSize
  private let output: ImageSize
  private let isAdding: Bool
  private let finish: Finish
  private let threadCount: Int
  /// How many tiles of pixels there are, as many for each thread.
  private let tileCount: Int

  /// The windows of a tile take about this much memory: enough that bringing the weights into the product's own order, once
  /// for each tile, costs little beside the product.
  private static let tileByteCount = 4 << 20
  private static let fewestTilePixels = 256
  private static let mostTilePixels = 1024

  /// - Throws: `arithmetic` where a size is beyond what a CBLAS takes.
  init(
    shape: ConvolutionShape, input: ImageSize, output: ImageSize, isAdding: Bool, finish: Finish, threadCount: Int
  ) throws(VisionError) {
    self.shape = shape
    self.input = input
    self.output = output
    self.isAdding = isAdding
    self.finish = finish
    self.threadCount = threadCount
    guard let windowLength = (shape.inputs / shape.groups).times(shape.kernel * shape.kernel),
      max(windowLength, shape.inputs, shape.outputs) <= Int32.max
    else {
      throw VisionError(.arithmetic, "The convolution \(shape) is too large for a matrix product.")
    }
    let wanted = Self.tileByteCount / MemoryLayout<Float>.stride / max(windowLength, 1)
    let most = min(max(wanted, Self.fewestTilePixels), Self.mostTilePixels)
    let rounds = (output.pixelCount + most * threadCount - 1) / (most * threadCount)
    tileCount = max(rounds, 1) * threadCount
  }

  /// The numbers of a window in one group.
  private var windowLength: Int { shape.kernel * shape.kernel * shape.inputs / shape.groups }

  private var readsInPlace: Bool { shape.kernel == 1 && shape.stride == 1 && shape.padding == 0 }

  private var scratchCountPerThread: Int {
    readsInPlace ? 0 : (output.pixelCount + tileCount - 1) / tileCount * windowLength
  }

  /// How many numbers of scratch memory the kernel needs.
  var scratchCount: Int { max(scratchCountPerThread * threadCount, 1) }

  func callAsFunction(_ memory: StepMemory) {
    concurrently(threadCount, threadCount: threadCount) { thread in
      for tile in stride(from: thread, to: tileCount, by: threadCount) {
        let pixels = output.pixelCount * tile / tileCount..<output.pixelCount * (tile + 1) / tileCount
        if !pixels.isEmpty { convolve(pixels, memory, thread: thread) }
      }
    }
  }

  private func convolve(_ pixels: Range<Int>, _ memory: StepMemory, thread: Int) {
    guard let weights = unsafe memory.weights, let bias = unsafe memory.bias, let scratch = unsafe memory.scratch else {
      return
    }
    let (inputs, outputs) = (shape.inputs / shape.groups, shape.outputs / shape.groups)
    let sums = unsafe memory.destination + pixels.lowerBound * shape.outputs
    for group in 0..<shape.groups {
      let source = unsafe memory.source + group * inputs
      let rows: UnsafePointer<Float>
      if readsInPlace {
        unsafe rows = UnsafePointer(source + pixels.lowerBound * shape.inputs)
      } else {
        let windows = unsafe scratch + thread * scratchCountPerThread
        unsafe copyWindows(pixels, from: source, to: windows)
        unsafe rows = UnsafePointer(windows)
      }
      unsafe pth2swt_multiply(
        Int32(pixels.count), Int32(outputs), Int32(windowLength), rows,
        Int32(readsInPlace ? shape.inputs : windowLength), weights + group * outputs * windowLength,
        isAdding ? 1 : 0, sums + group * outputs, Int32(shape.outputs))
    }
    unsafe finish(sums, count: pixels.count, bias: bias)
  }

  /// Copies the window of each output pixel, row by row; what lies outside the image is 0.
  private func copyWindows(
    _ pixels: Range<Int>, from source: UnsafePointer<Float>, to windows: UnsafeMutablePointer<Float>
  ) {
    let length = shape.inputs / shape.groups
    // Where nothing lies between the columns of a window, a row of it is one piece.
    let isContiguous = shape.dilation == 1 && shape.groups == 1
    let rowLength = shape.kernel * length
    var target = unsafe windows
    for pixel in pixels {
      let (line, column) = pixel.quotientAndRemainder(dividingBy: output.width)
      let (image, row) = line.quotientAndRemainder(dividingBy: output.height)
      let (top, left) = (row * shape.stride - shape.padding, column * shape.stride - shape.padding)
      let isInside = left >= 0 && left + shape.kernel <= input.width
      for y in stride(from: top, to: top + shape.kernel * shape.dilation, by: shape.dilation) {
        if y < 0 || y >= input.height {
          unsafe target.update(repeating: 0, count: rowLength)
        } else if isContiguous, isInside {
          unsafe target.update(from: source + input.offset(image, y, left), count: rowLength)
        } else {
          for index in 0..<shape.kernel {
            let x = left + index * shape.dilation
            let place = unsafe target + index * length
            if x < 0 || x >= input.width {
              unsafe place.update(repeating: 0, count: length)
            } else {
              unsafe place.update(from: source + input.offset(image, y, x), count: length)
            }
          }
        }
        unsafe target += rowLength
      }
    }
  }
}
