internal import CPth2swtOneDNN
import StateDicts

extension Arithmetic {
  /// A 2-d convolution, [N, C, H, W] to [N, out, H', W'], with everything that may follow it in one step: normalized,
  /// added to, then the nonlinearity.
  ///
  /// - Parameter weights: [out, C / groups, kernel, kernel].
  package func convolve(
    _ x: Activation, _ weights: FoldedWeights, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    adding: Activation? = nil, then: Nonlinearity = .none
  ) throws -> Activation {
    let size = weights.weight.shape
    guard x.shape.count == 4, size.count == 4, size[2] == size[3], size[1] * groups == x.shape[1] else {
      throw VisionError(.arithmetic, "Weights \(size) in \(groups) groups do not fit an activation \(x.shape).")
    }
    func outputs(_ side: Int) -> Int {
      WindowShape.outputs(side, kernel: size[2], stride: stride, padding: padding, dilation: dilation)
    }
    let outputShape = [x.shape[0], size[0], outputs(x.shape[2]), outputs(x.shape[3])]
    guard outputShape[2] > 0, outputShape[3] > 0 else {
      throw VisionError(.imageSize, "An activation \(x.shape) is smaller than the convolution's window of \(size[2]).")
    }
    var shape = ConvolutionShape(
      inputs: x.shape[1], outputs: size[0], kernel: size[2], stride: stride, padding: padding, dilation: dilation,
      groups: groups)
    // Few input channels (an image's) are read as they lie: blocks would be mostly empty.
    let block = library.channelBlock ?? 1
    let source = try x.shape[1] < block ? x.layout : library.preferredLayout(x.shape)
    let destination = try library.preferredLayout(outputShape)
    if !isExact, library.channelBlock == 16, shape.suitsWinograd(height: outputShape[2], width: outputShape[3]) {
      shape.usesWinograd = true
      if let result = try winograd(x, weights, shape, source, destination, adding: adding, then: then) { return result }
      shape.usesWinograd = false
    }
    let addend = try adding.map { try arranged($0, as: destination.channelRuns == nil ? $0.layout : destination) }
    let step = try step(
      .convolution(
        shape, x.shape, LayoutKey(source), then, addend: addend.map { .beside(LayoutKey($0.layout)) } ?? .none)
    ) { () throws(VisionError) in
      try library.convolution(
        shape, source: source, destination: destination, addend: addend.map { .beside($0.layout) } ?? .none, then: then)
    }
    let prepared = try prepared(
      weights, shape.weightDimensions, as: step.weights ?? Layout(plain: shape.weightDimensions))
    let result = try activation(step.destination)
    try run(step, arranged(x, as: step.source), prepared, adding: addend, into: result)
    return result
  }

  /// The same by Winograd's algorithm; nil where this oneDNN has no kernel for the shape.
  private func winograd(
    _ x: Activation, _ weights: FoldedWeights, _ shape: ConvolutionShape, _ source: Layout, _ destination: Layout,
    adding: Activation?, then: Nonlinearity
  ) throws -> Activation? {
    guard !shapesWithoutWinograd.contains(shape) else { return nil }
    let key = StepKey.convolution(
      shape, x.shape, LayoutKey(source), then, addend: adding == nil ? .none : .inDestination)
    let step: Step
    do throws(VisionError) {
      step = try self.step(key) { () throws(VisionError) in
        try library.convolution(
          shape, source: source, destination: destination, addend: adding == nil ? .none : .inDestination, then: then)
      }
    } catch {
      shapesWithoutWinograd.insert(shape)
      return nil
    }
    let prepared = try prepared(
      weights, shape.weightDimensions, as: step.weights ?? Layout(plain: shape.weightDimensions))
    let result = try activation(step.destination)
    if let adding { try copy(arranged(adding, as: step.destination), into: result) }
    try run(step, arranged(x, as: step.source), prepared, into: result)
    return result
  }

  private func copy(_ x: Activation, into target: Activation) {
    unsafe target.buffer.address.copyMemory(from: x.buffer.address, byteCount: x.layout.byteCount)
  }

  /// A matrix product with bias, [N, …] to [N, out], over all of an image's or region's numbers.
  ///
  /// - Parameter weights: [out, features], the features in C order.
  package func linear(_ x: Activation, _ weights: FoldedWeights, then: Nonlinearity = .none) throws -> Activation {
    let outputs = weights.weight.shape[0]
    let features = x.shape.dropFirst().reduce(1, *)
    guard weights.weight.shape == [outputs, features] else {
      throw VisionError(.arithmetic, "Weights \(weights.weight.shape) do not fit an activation \(x.shape).")
    }
    let step = try step(.linear(x.shape, LayoutKey(x.layout), outputs: outputs, then)) { () throws(VisionError) in
      try library.innerProduct(source: x.layout, outputs: outputs, then: then)
    }
    let dimensions = [outputs] + x.shape.dropFirst()
    let prepared = try prepared(weights, dimensions, as: step.weights ?? Layout(plain: dimensions))
    let result = try activation(step.destination)
    try run(step, arranged(x, as: step.source), prepared, into: result)
    return result
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
    let step = try step(.pooling(kind, window, x.shape, LayoutKey(source))) { () throws(VisionError) in
      try library.pooling(kind, window, source: source, destination: library.preferredLayout(output))
    }
    let result = try activation(step.destination)
    try run(step, arranged(x, as: step.source), into: result)
    return result
  }
}
