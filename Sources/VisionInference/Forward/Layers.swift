package import VisionModels

extension Conv2d {
  /// [N, inputs, H, W] to [N, outputs, H', W'], with what follows it in one step.
  ///
  /// - Parameters:
  ///   - normalization: What the result goes through first; it costs nothing, being folded into the weight.
  ///   - addend: What is added then, in the result's shape; given up by the caller, it lends the result its memory.
  ///   - nonlinearity: What is done last.
  package func callAsFunction(
    _ x: Activation, normalizedBy normalization: Normalization? = nil, adding addend: consuming Activation? = nil,
    then nonlinearity: Nonlinearity = .none
  ) throws -> Activation {
    try x.arithmetic.convolve(
      x, FoldedWeights(weight: weight, bias: bias, normalization: normalization), stride: stride, padding: padding,
      dilation: dilation, groups: groups, adding: addend, then: nonlinearity)
  }
}

extension ConvNorm {
  /// [N, inputs, H, W] to [N, outputs, H', W'], in one step with what is added and the nonlinearity.
  package func callAsFunction(
    _ x: Activation, adding addend: consuming Activation? = nil, then nonlinearity: Nonlinearity = .none
  ) throws -> Activation {
    try convolution(x, normalizedBy: normalization, adding: addend, then: nonlinearity)
  }
}

extension Linear {
  /// [N, …] to [N, outputs]; all but the first dimension are taken as one, in C order.
  package func callAsFunction(_ x: Activation, then nonlinearity: Nonlinearity = .none) throws -> Activation {
    try x.arithmetic.linear(x, FoldedWeights(weight: weight, bias: bias), then: nonlinearity)
  }
}

extension Normalization {
  /// [N, channels, H, W] to the same shape, where no convolution before it takes it in.
  package func callAsFunction(_ x: Activation) throws -> Activation {
    let (scale, shift) = try scaleAndShift()
    return try x.arithmetic.scaled(x, by: scale, plus: shift)
  }
}
