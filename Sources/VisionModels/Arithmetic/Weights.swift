internal import CPth2swtOneDNN
package import StateDicts

/// What a layer multiplies with and adds: the weight with its normalization folded in, as C-order floats.
///
/// A normalization is y = scale * x + shift for each output channel; scale goes into the weight, the rest into the bias,
/// so that it costs nothing when the model runs.
package struct FoldedWeights {
  package let weight: Tensor
  package let bias: Tensor?
  package let normalization: Normalization?

  package init(weight: Tensor, bias: Tensor?, normalization: Normalization? = nil) {
    self.weight = weight
    self.bias = bias
    self.normalization = normalization
  }

  /// Which weights these are, whatever layer names them.
  var key: Key? {
    weight.tie.map { Key(weight: $0, bias: bias?.tie, normalization: normalization?.runningMean.tie) }
  }

  struct Key: Hashable {
    let weight: Tensor.Tie
    let bias: Tensor.Tie?
    let normalization: Tensor.Tie?
  }

  /// The values, folded.
  ///
  /// The pages of the checkpoint that they came from are given back.
  func values() throws -> (weight: [Float], bias: [Float]) {
    let outputs = weight.shape[0]
    var values = try [Float](weight)
    weight.storage.drop()
    var shift = try bias.map { try [Float]($0) } ?? [Float](repeating: 0, count: outputs)
    if let (scale, offset) = try normalization?.scaleAndShift() {
      let perOutput = values.count / max(outputs, 1)
      for output in 0..<outputs {
        let factor = scale[output]
        unsafe values.withUnsafeMutableBufferPointer { values in
          for index in output * perOutput..<(output + 1) * perOutput { unsafe values[index] *= factor }
        }
        shift[output] = shift[output] * factor + offset[output]
      }
    }
    return (values, shift)
  }
}

extension Normalization {
  /// The same as y = scale * x + shift, for each channel.
  package func scaleAndShift() throws -> (scale: [Float], shift: [Float]) {
    let (weight, bias) = (try [Float](self.weight), try [Float](self.bias))
    let (mean, variance) = (try [Float](runningMean), try [Float](runningVariance))
    let scale = zip(weight, variance).map { $0 * (1 / ($1 + epsilon).squareRoot()) }
    let shift = bias.indices.map { bias[$0] - mean[$0] * scale[$0] }
    return (scale, shift)
  }
}

/// Weights in a kernel's own layout, made once and kept.
struct PreparedWeights {
  let weight: Buffer
  let bias: Buffer
  let layout: Layout
  /// Held so that the place in memory by which the weights are known stays theirs.
  let origin: FoldedWeights
}
