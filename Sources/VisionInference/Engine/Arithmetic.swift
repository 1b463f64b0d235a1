package import VisionModels

/// The steps that models are made of, done eagerly: one call is one fused step of the engine that was chosen when the
/// package was built (`KernelLibrary`).
///
/// Kernels are made once for each shape. It belongs to one thread (`ArithmeticThread`).
package final class Arithmetic {
  /// Whether Winograd's algorithm, fast and a little less exact, is left alone.
  package let isExact: Bool
  let threadCount: Int
  let library: KernelLibrary
  let pool: BufferPool
  /// Weights are kept permanently, and would fragment the memory that is reused.
  private let weightPool: BufferPool
  private var steps: [StepKey: Step] = [:]
  var shapesWithoutWinograd: Set<ConvolutionShape> = []

  package init(isExact: Bool, threadCount: Int) throws(VisionError) {
    self.isExact = isExact
    self.threadCount = threadCount
    library = try KernelLibrary(threadCount: threadCount)
    pool = try BufferPool()
    weightPool = try BufferPool()
  }

  /// The most memory that activations took at once, in bytes.
  package var largestActivationByteCount: Int { pool.largestByteCountInUse }

  /// All that a step's kernel depends on.
  enum StepKey: Hashable {
    case convolution(ConvolutionShape, LayoutKey, isAdding: Bool, Nonlinearity)
    case pooling(Pooling, WindowShape, LayoutKey)
    case reorder(from: LayoutKey, to: LayoutKey)
  }

  /// The step of a key, made if it is not there yet.
  ///
  /// - Parameter key: Nil for a step that is used once and not kept.
  func step(_ key: StepKey?, _ make: () throws(VisionError) -> Step) throws(VisionError) -> Step {
    if let key, let step = steps[key] { return step }
    let step = try make()
    if let key { steps[key] = step }
    return step
  }

  /// An activation whose values are not set yet.
  func activation(_ layout: Layout) throws(VisionError) -> Activation {
    Activation(layout: layout, buffer: try pool.take(layout.byteCount), arithmetic: self)
  }

  /// An activation from values in C order.
  package func activation(_ shape: [Int], _ values: [Float]) throws(VisionError) -> Activation {
    precondition(shape.reduce(1, *) == values.count)
    let result = try activation(Layout(plain: shape))
    unsafe values.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { unsafe result.buffer.floats.update(from: start, count: source.count) }
    }
    return result
  }

  /// Returns an activation in another layout, or the activation itself if it has that layout.
  func arranged(_ x: Activation, as layout: Layout) throws(VisionError) -> Activation {
    if x.layout.isSame(as: layout) { return x }
    let result = try activation(layout)
    try unsafe reorder(x.buffer.floats, x.layout, into: result.buffer.floats, layout)
    result.buffer.bound = x.buffer.bound
    return result
  }

  /// Copies numbers from one layout into another.
  func reorder(
    _ source: UnsafeMutablePointer<Float>, _ from: Layout, into target: UnsafeMutablePointer<Float>, _ to: Layout
  ) throws(VisionError) {
    var key: StepKey?
    if let from = from.key, let to = to.key { key = .reorder(from: from, to: to) }
    let step = try step(key) { () throws(VisionError) in try library.reorder(from: from, to: to) }
    try unsafe step.run(StepMemory(source: source, destination: target))
  }

  /// A layer's weights in a kernel's layout.
  ///
  /// - Parameter order: The weights' dimensions, and the order in which a kernel reads them that has other dimensions.
  func prepared(_ weights: LayerWeights, _ order: Layout, as layout: Layout) throws -> PreparedWeights {
    try weights.prepared(order.dimensions, as: layout) { try prepared($0, order, as: layout) }
  }

  private func prepared(_ weights: FoldedWeights, _ order: Layout, as layout: Layout) throws -> PreparedWeights {
    let plain = try activation(Layout(plain: order.dimensions))
    let count = order.dimensions.reduce(1, *)
    let bias = try unsafe weights.fold(into: UnsafeMutableBufferPointer(start: plain.buffer.floats, count: count))
    let target = try weightPool.take(layout.byteCount)
    let ordered = try arranged(plain, as: order)
    try unsafe reorder(
      ordered.buffer.floats, layout.dimensions == order.dimensions ? order : Layout(plain: layout.dimensions),
      into: target.floats, layout)
    let shift = try weightPool.take(bias.count * MemoryLayout<Float>.stride)
    unsafe bias.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { unsafe shift.floats.update(from: start, count: source.count) }
    }
    return unsafe PreparedWeights(
      weight: target, bias: shift, layout: layout, gain: plain.numbers.largestMagnitudeSum(ofRows: bias.count),
      shift: bias.withUnsafeBufferPointer { unsafe $0.largestMagnitude })
  }

  /// Runs a step on activations, with weights where it has any.
  func run(
    _ step: Step, _ x: Activation, _ weights: PreparedWeights? = nil, into result: Activation
  ) throws(VisionError) {
    let scratch = try step.scratch.map { layout throws(VisionError) in try pool.take(layout.byteCount) }
    try withExtendedLifetime(scratch) { () throws(VisionError) in
      try unsafe step.run(
        StepMemory(
          source: x.buffer.floats, destination: result.buffer.floats, weights: weights?.weight.floats,
          bias: weights?.bias.floats, scratch: scratch?.floats))
    }
  }
}
