import StateDicts
package import VisionModels

extension Arithmetic {
  /// A 2-d convolution, [N, C, H, W] to [N, out, H', W'], with everything that may follow it in one step: normalized,
  /// added to, then the nonlinearity.
  ///
  /// - Parameters:
  ///   - weights: [out, C / groups, kernel, kernel].
  ///   - adding: What is added to the result. Where nothing else refers to it, the result takes its memory, which saves
  ///     a pass over memory of its own.
  package func convolve(
    _ x: Activation, _ weights: LayerWeights, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    adding: consuming Activation? = nil, then: Nonlinearity = .none
  ) throws -> Activation {
    let size = weights.folded.shape
    guard x.shape.count == 4, size.count == 4, size[2] == size[3], size[1] * groups == x.shape[1] else {
      throw VisionError(
        .arithmetic, "Weights of shape \(size) in \(groups) groups do not match an activation of shape \(x.shape).")
    }
    func outputs(_ side: Int) -> Int {
      WindowShape.outputs(side, kernel: size[2], stride: stride, padding: padding, dilation: dilation)
    }
    let outputShape = [x.shape[0], size[0], outputs(x.shape[2]), outputs(x.shape[3])]
    guard outputShape[2] > 0, outputShape[3] > 0 else {
      throw VisionError(
        .imageSize, "An activation of shape \(x.shape) is smaller than the convolution kernel of size \(size[2]).")
    }
    var shape = ConvolutionShape(
      inputs: x.shape[1], outputs: size[0], kernel: size[2], stride: stride, padding: padding, dilation: dilation,
      groups: groups)
    // Few input channels (an image's) are read as they lie: blocks would be mostly empty.
    let block = library.channelBlock ?? 1
    let source = try x.shape[1] < block ? x.layout : library.preferredLayout(x.shape)
    let destination = try library.preferredLayout(outputShape)
    shape.usesWinograd =
      !isExact && library.channelBlock == 16 && !shapesWithoutWinograd.contains(shape)
      && shape.suitsWinograd(height: outputShape[2], width: outputShape[3])
    return try convolve(x, as: source, shape, to: destination, adding: adding, then: then) {
      try prepared(weights, shape, $0)
    }
  }

  /// A convolution of any layouts, in strips or at once; where a number in it might overflow, so that it is noticed.
  ///
  /// - Parameter weights: The weights for a kernel.
  private func convolve(
    _ x: Activation, as source: Layout, _ shape: ConvolutionShape, to destination: Layout,
    adding: consuming Activation?, then: Nonlinearity, weights: (Step) throws -> PreparedWeights
  ) throws -> Activation {
    let isAdding = adding != nil
    let height = shape.stripHeight(
      images: x.shape[0], height: destination.dimensions[2], width: destination.dimensions[3])
    let step =
      if let height {
        try strip(of: height, shape, images: x.shape[0], width: x.shape[3], isAdding: isAdding, then: then)
      } else {
        try convolution(shape, source, destination, isAdding: isAdding, then)
      }
    let result = try overwritable(adding, as: height == nil ? step.destination : destination)
    let prepared = try weights(step)
    guard let bound = try bound(of: prepared, on: x, addingTo: isAdding ? result : nil) else {
      // The direct kernel's sums, before a nonlinearity can make a number of NaN or of an infinity.
      var direct = shape
      direct.usesWinograd = false
      let step = try convolution(direct, source, result.layout, isAdding: isAdding, .none)
      try run(step, arranged(x, as: step.source), weights(step), into: result)
      try measure(result)
      return try applying(then, to: result)
    }
    if height == nil {
      try run(step, arranged(x, as: step.source), prepared, into: result)
    } else {
      try runStrips(step, arranged(x, as: source), prepared, isAdding: isAdding, into: result)
    }
    result.buffer.bound = then == .relu6 ? min(bound, 6) : bound
    return result
  }

  /// A convolution's weights as its kernel reads them.
  func prepared(_ weights: LayerWeights, _ shape: ConvolutionShape, _ step: Step) throws -> PreparedWeights {
    let order = try Layout(plain: shape.weightDimensions)
    return try prepared(weights, order, as: step.weights ?? order)
  }

  /// A convolution's kernel; the direct one where this oneDNN has none by Winograd's algorithm.
  func convolution(
    _ shape: ConvolutionShape, _ source: Layout, _ destination: Layout, isAdding: Bool, _ then: Nonlinearity
  ) throws(VisionError) -> Step {
    do throws(VisionError) {
      let key = source.key.map { StepKey.convolution(shape, $0, isAdding: isAdding, then) }
      return try step(key) { () throws(VisionError) in
        try library.convolution(shape, source: source, destination: destination, isAdding: isAdding, then: then)
      }
    } catch {
      guard shape.usesWinograd else { throw error }
      var direct = shape
      direct.usesWinograd = false
      var whole = direct
      whole.isStrip = false
      shapesWithoutWinograd.insert(whole)
      return try convolution(direct, source, destination, isAdding: isAdding, then)
    }
  }

  /// Returns an activation of these values that may be overwritten: itself, if it has this layout and no other
  /// reference.
  ///
  /// Without values it is a fresh one.
  private func overwritable(_ values: consuming Activation?, as layout: Layout) throws(VisionError) -> Activation {
    guard var x = values.take() else { return try activation(layout) }
    guard x.layout.isSame(as: layout) else { return try arranged(x, as: layout) }
    if isKnownUniquelyReferenced(&x.buffer) { return x }
    let copy = try activation(layout)
    unsafe copy.buffer.address.copyMemory(from: x.buffer.address, byteCount: layout.byteCount)
    copy.buffer.bound = x.buffer.bound
    return copy
  }

  /// A matrix product with bias, [N, …] to [N, out], over all of an image's or region's numbers.
  ///
  /// - Parameter weights: [out, features], the features in C order.
  package func linear(_ x: Activation, _ weights: LayerWeights, then: Nonlinearity = .none) throws -> Activation {
    let size = weights.folded.shape
    let outputs = size[0]
    let features = x.shape.dropFirst().reduce(1, *)
    guard size == [outputs, features] else {
      throw VisionError(
        .arithmetic, "Weights of shape \(size) do not match an activation of shape \(x.shape).")
    }
    let rows = try rows(x)
    // Rows are the pixels of an image of one row: the kernels for 1x1 convolutions are the fastest for matrices too.
    let shape = ConvolutionShape(
      inputs: features, outputs: outputs, kernel: 1, stride: 1, padding: 0, dilation: 1, groups: 1)
    let pixels = try Activation(
      layout: library.preferredLayout([1, features, 1, x.shape[0]]), buffer: rows.buffer, arithmetic: self)
    let columns = [outputs] + rows.shape.dropFirst()
    let order = try columns.count == 4 ? library.preferredLayout(columns) : Layout(plain: columns)
    let destination = try library.preferredLayout([1, outputs, 1, x.shape[0]])
    let result = try convolve(pixels, as: pixels.layout, shape, to: destination, adding: nil, then: then) { step in
      try prepared(weights, order, as: step.weights ?? Layout(plain: shape.weightDimensions))
    }
    return try Activation(
      layout: library.rowLayout([x.shape[0], outputs]), buffer: result.buffer, arithmetic: self)
  }

  /// The rows of a matrix, [N, features]; or [N, C, H, W] where whole blocks of channels let it stay so.
  private func rows(_ x: Activation) throws(VisionError) -> Activation {
    if x.shape.count == 4, x.shape[1] % (library.channelBlock ?? 1) == 0 {
      return try arranged(x, as: library.rowLayout(x.shape))
    }
    let flat = [x.shape[0], x.shape.dropFirst().reduce(1, *)]
    let plain = try arranged(x, as: Layout(plain: x.shape))
    let matrix = try Activation(layout: Layout(plain: flat), buffer: plain.buffer, arithmetic: self)
    return try arranged(matrix, as: library.rowLayout(flat))
  }

  /// The largest value of each square window, [N, C, H, W] to [N, C, H', W'].
  package func maxPool(_ x: Activation, kernel: Int, stride: Int, padding: Int) throws(VisionError) -> Activation {
    try pool(x, .maximum, WindowShape(height: kernel, width: kernel, stride: stride, padding: padding))
  }

  /// The mean of each channel, [N, C, H, W] to [N, C, 1, 1]. (torch: `adaptive_avg_pool2d(x, 1)`)
  package func meanPool(_ x: Activation) throws(VisionError) -> Activation {
    try pool(x, .mean, WindowShape(height: x.shape[2], width: x.shape[3], stride: 1, padding: 0))
  }

  private func pool(_ x: Activation, _ kind: Pooling, _ window: WindowShape) throws(VisionError) -> Activation {
    let output = [
      x.shape[0], x.shape[1],
      WindowShape.outputs(x.shape[2], kernel: window.height, stride: window.stride, padding: window.padding),
      WindowShape.outputs(x.shape[3], kernel: window.width, stride: window.stride, padding: window.padding),
    ]
    let source = try x.layout.channelRuns == nil ? Layout(plain: x.shape) : x.layout
    let step = try step(source.key.map { .pooling(kind, window, $0) }) { () throws(VisionError) in
      try library.pooling(kind, window, source: source, destination: library.preferredLayout(output))
    }
    let result = try activation(step.destination)
    try run(step, arranged(x, as: step.source), into: result)
    // The sum that a mean is made of may overflow, and is noticed when the bound is looked for.
    if kind == .maximum { result.buffer.bound = x.buffer.bound }
    return result
  }
}
