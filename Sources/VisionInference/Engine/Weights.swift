package import StateDicts
package import VisionModels

/// What a layer multiplies with and adds: the weight with its normalization folded in, as C-order floats.
///
/// A normalization is y = scale * x + shift for each output channel; scale goes into the weight, the rest into the
/// bias, so that it costs nothing when the model runs. Layers that read the same input run as one, their outputs one
/// after another.
package struct FoldedWeights {
  fileprivate let layers: [Layer]
  /// [out, in, …]: `out` of all layers together.
  let shape: [Int]

  fileprivate struct Layer {
    let weight: Tensor
    let bias: Tensor?
    let normalization: (any Normalization)?
  }

  package init(weight: Tensor, bias: Tensor?, normalization: (any Normalization)? = nil) {
    layers = [Layer(weight: weight, bias: bias, normalization: normalization)]
    shape = weight.shape
  }

  /// Two layers as one.
  init(_ first: FoldedWeights, _ second: FoldedWeights) throws(VisionError) {
    let inputs = first.shape.dropFirst()
    guard second.shape.dropFirst() == inputs else {
      throw VisionError(.arithmetic, "Weights of shapes \(first.shape) and \(second.shape) cannot be concatenated.")
    }
    layers = first.layers + second.layers
    shape = [first.shape[0] + second.shape[0]] + inputs
  }

  /// Writes the folded weight in C order, and gives the bias.
  ///
  /// The pages of the checkpoint that it came from are given back.
  ///
  /// - Parameter target: As long as `shape` tells.
  func fold(into target: UnsafeMutableBufferPointer<Float>) throws -> [Float] {
    var bias: [Float] = []
    var start = 0
    for layer in layers {
      let end = start + layer.weight.elementCount
      bias += try unsafe layer.fold(into: UnsafeMutableBufferPointer(rebasing: target[start..<end]))
      start = end
    }
    return bias
  }
}

extension FoldedWeights.Layer {
  fileprivate func fold(into target: UnsafeMutableBufferPointer<Float>) throws -> [Float] {
    let outputs = weight.shape[0]
    try unsafe weight.copyValues(to: target)
    weight.storage.drop()
    var shift = try bias.map { try [Float]($0) } ?? [Float](repeating: 0, count: outputs)
    if let (scale, offset) = try normalization?.scaleAndShift() {
      let perOutput = target.count / max(outputs, 1)
      for output in 0..<outputs {
        let factor = scale[output]
        for index in output * perOutput..<(output + 1) * perOutput { unsafe target[index] *= factor }
        shift[output] = shift[output] * factor + offset[output]
      }
    }
    return shift
  }
}

extension Normalization {
  /// Returns the normalization as y = scale * x + shift for each channel.
  package func scaleAndShift() throws -> (scale: [Float], shift: [Float]) {
    let (weight, bias) = (try [Float](self.weight), try [Float](self.bias))
    let (mean, variance) = (try [Float](runningMean), try [Float](runningVar))
    let scale = zip(weight, variance).map { $0 * (1 / ($1 + eps).squareRoot()) }
    let shift = bias.indices.map { bias[$0] - mean[$0] * scale[$0] }
    return (scale, shift)
  }
}

/// The weights of a layer in the layouts of kernels, each made when a kernel first needs it, and kept.
///
/// The forward pass of the layer owns them. They belong to one engine and stay on the engine's thread.
package final class LayerWeights {
  let folded: FoldedWeights
  private var prepared: [(order: [Int], weights: PreparedWeights)] = []

  package init(_ folded: FoldedWeights) {
    self.folded = folded
  }

  /// The weights in a layout, made the first time.
  ///
  /// - Parameter order: The dimensions that the kernel expects, which determine the order of the numbers.
  func prepared(
    _ order: [Int], as layout: Layout, _ make: (FoldedWeights) throws -> PreparedWeights
  ) rethrows -> PreparedWeights {
    if let found = prepared.first(where: { $0.order == order && $0.weights.layout.isSame(as: layout) }) {
      return found.weights
    }
    let made = try make(folded)
    prepared.append((order, made))
    return made
  }
}

/// Weights in a kernel's own layout.
struct PreparedWeights {
  let weight: Buffer
  let bias: Buffer
  let layout: Layout
  /// The largest sum of the magnitudes of one output's weights, and the largest magnitude of a bias: see
  /// `bound(of:on:addingTo:)`.
  let gain, shift: Float
}
