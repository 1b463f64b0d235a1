import StateDicts

/// Layers in the form of scopes.
extension DeclaredLayer {
  /// The name of the struct, by which layers with other flags are the same.
  var structName: String {
    switch kind {
    case .convolution(let dimensions, let isTransposed): (isTransposed ? "ConvTranspose" : "Conv") + "\(dimensions)d"
    case .linear: "Linear"
    case .embedding: "Embedding"
    case .batchNorm: "BatchNorm"
    case .layerNorm(let rank): "Normalization" + (rank == 1 ? "" : "\(rank)d")
    }
  }

  /// The arguments after the sizes.
  var flags: [String] {
    var flags: [String] = []
    if case .batchNorm(let hasCounter) = kind {
      if !hasWeight { flags.append("hasWeight: false") }
      if !hasCounter { flags.append("hasCounter: false") }
    } else if kind != .embedding, !hasBias {
      flags.append("hasBias: false")
    }
    return flags + (elementType == .float32 ? [] : ["as: .\(elementType.rawValue)"])
  }

  /// The struct of a layer.
  func scopeSource(named name: String) -> [String] {
    let sizes = sizeNames.map { "\($0): Int" }
    let shape = sizeNames.joined(separator: ", ")
    func initializer(_ flags: [String], _ body: [String]) -> [String] {
      let end = ["as type: ElementType = .float32", "in scope: ParameterScope"]
      return [
        "  init(", "    \((sizes + flags).joined(separator: ", ")),", "    \(end.joined(separator: ", "))", "  ) {",
      ]
        + body.indented(4) + ["  }", "}"]
    }
    let weightAndBias = ["  let weight: Tensor", "  let bias: Tensor?", ""]
    func bias(_ size: String) -> String { "bias = hasBias ? scope.parameter(\"bias\", \(size), as: type) : nil" }
    switch kind {
    case .convolution(let dimensions, let isTransposed):
      let per = isTransposed ? "outputs" : "inputs"
      let kind = isTransposed ? ".transposedConvolution" : ".convolution"
      return [
        "/// `nn.\(structName)`. Stride, padding, dilation and the number of groups are not in a checkpoint: `\(per)` is for one group."
      ]
        + (isTransposed || dimensions > 2
          ? [] : ["/// Without bias, a transposed convolution has the same tensor, with inputs and outputs exchanged."])
        + ["struct \(name): Sendable {"] + weightAndBias
        + initializer(
          ["hasBias: Bool = true"],
          ["weight = scope.parameter(\"weight\", \(shape), as: type, convolution: \(kind))", bias("outputs")])
    case .linear:
      return [
        "/// `nn.Linear`. Without bias, it may be an embedding, which has the same tensor.",
        "struct \(name): Sendable {",
      ]
        + weightAndBias
        + initializer(
          ["hasBias: Bool = true"], ["weight = scope.parameter(\"weight\", \(shape), as: type)", bias("outputs")])
    case .embedding:
      return [
        "/// `nn.Embedding`, recognised by its name: a linear layer without bias has the same tensor.",
        "struct \(name): Sendable {", "  let weight: Tensor", "",
      ] + initializer([], ["weight = scope.parameter(\"weight\", \(shape), as: type)"])
    case .batchNorm:
      return [
        "/// A batch normalization of any dimensions. In a frozen one (`FrozenBatchNorm2d`), weight and bias are buffers too.",
        "struct \(name): Sendable {", "  let weight, bias: Tensor?", "  let runningMean, runningVar: Tensor",
        "  let numBatchesTracked: Tensor?", "",
      ]
        + initializer(
          ["hasWeight: Bool = true", "hasCounter: Bool = true"],
          [
            "weight = hasWeight ? scope.parameter(\"weight\", features, as: type) : nil",
            "bias = hasWeight ? scope.parameter(\"bias\", features, as: type) : nil",
            "runningMean = scope.buffer(\"running_mean\", features, as: type)",
            "runningVar = scope.buffer(\"running_var\", features, as: type)",
            "numBatchesTracked = hasCounter ? scope.buffer(\"num_batches_tracked\", as: .int64) : nil",
          ])
    case .layerNorm:
      return [
        "/// `nn.LayerNorm`, `nn.GroupNorm` or `nn.RMSNorm` (without bias): their tensors are the same.",
        "struct \(name): Sendable {",
      ] + weightAndBias
        + initializer(
          ["hasBias: Bool = true"], ["weight = scope.parameter(\"weight\", \(shape), as: type)", bias(shape)])
    }
  }
}
