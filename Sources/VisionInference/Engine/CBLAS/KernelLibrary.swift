import Foundation
import VisionModels

/// The kernels of this engine: ours, around the matrix product of a CBLAS (Accelerate, OpenBLAS).
///
/// All channels of a pixel lie side by side, so a convolution's windows are copied in long pieces, and those of 1x1 and
/// of matrix products are read where they lie.
final class KernelLibrary {
  /// How many channels of a pixel lie side by side in blocks; nil for all of them, without blocks.
  let channelBlock: Int? = nil
  private let threadCount: Int

  init(threadCount: Int) throws(VisionError) {
    self.threadCount = threadCount
    useOneThreadInOpenBLAS()
  }

  /// The layout in which an activation of these dimensions, [N, C, H, W], is to be kept.
  func preferredLayout(_ dimensions: [Int]) throws(VisionError) -> Layout {
    try Layout(channelsLast: dimensions)
  }

  /// The layout of [rows, features], or of [rows, C, H, W], whose bytes are those of an image [1, features, 1, rows] in
  /// the preferred layout: the numbers of each pixel are a row of a matrix.
  func rowLayout(_ dimensions: [Int]) throws(VisionError) -> Layout {
    try dimensions.count == 4 ? preferredLayout(dimensions) : Layout(plain: dimensions)
  }

  /// A convolution with bias, which adds what its destination holds already where `isAdding`.
  func convolution(
    _ shape: ConvolutionShape, source: Layout, destination: Layout, isAdding: Bool, then: Nonlinearity
  ) throws(VisionError) -> Step {
    let (input, output) = (ImageSize(source), ImageSize(destination))
    let finish = Finish(channels: shape.outputs, then: then)
    if shape.groups == shape.inputs, shape.groups == shape.outputs {
      let kernel = DepthwiseConvolution(
        shape: shape, input: input, output: output, isAdding: isAdding, finish: finish, threadCount: threadCount)
      // The channels innermost, as in the activations: [kernel, kernel, groups].
      return try Step(
        source: preferredLayout(source.dimensions), destination: preferredLayout(destination.dimensions),
        weights: Layout(shape.weightDimensions, order: [3, 4, 0, 1, 2].suffix(shape.weightDimensions.count)),
        kernel: kernel)
    }
    let kernel = try MatrixConvolution(
      shape: shape, input: input, output: output, isAdding: isAdding, finish: finish, threadCount: threadCount)
    // Each output's weights in the order of a window's numbers: [out, kernel, kernel, in].
    return try Step(
      source: preferredLayout(source.dimensions), destination: preferredLayout(destination.dimensions),
      weights: Layout(shape.weightDimensions, order: shape.groups == 1 ? [0, 2, 3, 1] : [0, 1, 3, 4, 2]),
      scratch: Layout(plain: [kernel.scratchCount]), kernel: kernel)
  }

  /// The largest or mean value of each window; a mean counts no padding.
  func pooling(_ kind: Pooling, _ shape: WindowShape, source: Layout, destination: Layout) throws(VisionError) -> Step {
    try Step(
      source: preferredLayout(source.dimensions), destination: preferredLayout(destination.dimensions),
      kernel: WindowPooling(
        kind: kind, shape: shape, input: ImageSize(source), output: ImageSize(destination), threadCount: threadCount))
  }

  /// A change of layout.
  func reorder(from source: Layout, to destination: Layout) throws(VisionError) -> Step {
    Step(source: source, destination: destination, kernel: StridedCopy(source, destination, threadCount: threadCount))
  }
}

/// Threads are ours, and each calls the matrix product by itself: in OpenBLAS they would wait for each other's threads.
private func useOneThreadInOpenBLAS() {
  typealias Setter = @convention(c) (Int32) -> Void
  guard let address = unsafe dlsym(dlopen(nil, RTLD_NOW), "openblas_set_num_threads") else { return }
  unsafe unsafeBitCast(address, to: Setter.self)(1)
}
