import StateDicts

/// A tensor of a module: its name within the module, and what a declaration says of it.
struct DeclaredTensor: Hashable {
  let key: ExactName
  let shape: [Int]
  let elementType: ElementType
  let role: ParameterRole
}

/// A layer of torch that is recognised by its tensors, without its sizes.
struct DeclaredLayer: Hashable {
  enum Kind: Hashable {
    case convolution(dimensions: Int, isTransposed: Bool)
    case linear
    case embedding
    case batchNorm(hasCounter: Bool)
    case layerNorm(rank: Int)
  }

  let kind: Kind
  let hasWeight: Bool
  let hasBias: Bool
  let elementType: ElementType

  private init(_ kind: Kind, hasWeight: Bool = true, hasBias: Bool, _ elementType: ElementType) {
    (self.kind, self.hasWeight, self.hasBias, self.elementType) = (kind, hasWeight, hasBias, elementType)
  }

  /// The layer that a module's tensors make, with its sizes in the order of `sizeNames`; nil if they make none.
  ///
  /// - Parameter name: The module's name, which tells an embedding from a linear layer without bias.
  static func recognised(_ tensors: [DeclaredTensor], name: String) -> (layer: DeclaredLayer, sizes: [Int])? {
    let byKey = Dictionary(tensors.map { ($0.key.text, $0) }) { first, _ in first }
    guard byKey.count == tensors.count, let type = (byKey["weight"] ?? byKey["running_mean"])?.elementType else {
      return nil
    }
    let isOfOneType = tensors.allSatisfy { $0.elementType == type || $0.key.text == "num_batches_tracked" }
    guard isOfOneType, type.isFloatingPoint || type.isComplex else { return nil }
    if byKey["running_mean"] != nil { return batchNorm(byKey, type) }
    guard let weight = byKey["weight"], byKey.count == 1 || byKey.count == 2 && byKey["bias"] != nil else { return nil }
    let bias = byKey["bias"]
    let words = name.lowercased()
    func layer(_ kind: Kind) -> DeclaredLayer { DeclaredLayer(kind, hasBias: bias != nil, type) }
    switch weight.shape.count {
    case 3...5:
      // The bias has an element for each output, and a transposed convolution's weight begins with its inputs.
      let isTransposed = bias.map { $0.shape != [weight.shape[0]] && $0.shape == [weight.shape[1]] } ?? false
      guard isTransposed || bias == nil || bias?.shape == [weight.shape[0]] else { break }
      let kind = Kind.convolution(dimensions: weight.shape.count - 2, isTransposed: isTransposed)
      return (layer(kind), weight.shape)
    case 2:
      guard bias == nil || bias?.shape == [weight.shape[0]] else { break }
      let isEmbedding = bias == nil && ["emb", "wte", "wpe"].contains { words.contains($0) }
      return (layer(isEmbedding ? .embedding : .linear), weight.shape)
    case 1:
      guard bias?.shape == weight.shape || bias == nil && (words.contains("norm") || words.hasPrefix("ln")) else {
        break
      }
      return (layer(.layerNorm(rank: 1)), weight.shape)
    default: break
    }
    guard bias?.shape == weight.shape, !weight.shape.isEmpty, weight.shape.count <= 4 else { return nil }
    return (layer(.layerNorm(rank: weight.shape.count)), weight.shape)
  }

  private static func batchNorm(
    _ tensors: [String: DeclaredTensor], _ type: ElementType
  ) -> (layer: DeclaredLayer, sizes: [Int])? {
    var rest = tensors
    let counter = rest.removeValue(forKey: "num_batches_tracked")
    let shape = tensors["running_mean"]?.shape ?? []
    let keys = Set(rest.keys)
    let hasWeight = keys.contains("weight")
    guard keys == (hasWeight ? ["weight", "bias", "running_mean", "running_var"] : ["running_mean", "running_var"]),
      shape.count == 1, rest.values.allSatisfy({ $0.shape == shape }),
      counter.map({ $0.shape.isEmpty && $0.elementType == .int64 }) ?? true
    else { return nil }
    let kind = Kind.batchNorm(hasCounter: counter != nil)
    return (DeclaredLayer(kind, hasWeight: hasWeight, hasBias: hasWeight, type), shape)
  }

  /// The names of the sizes.
  var sizeNames: [String] {
    switch kind {
    case .convolution(let dimensions, let isTransposed):
      (isTransposed ? ["inputs", "outputs"] : ["outputs", "inputs"])
        + [["width"], ["height", "width"], ["depth", "height", "width"]][dimensions - 1]
    case .linear: ["outputs", "inputs"]
    case .embedding: ["count", "size"]
    case .batchNorm: ["features"]
    case .layerNorm(let rank): (0..<rank).map { rank == 1 ? "features" : "size\($0)" }
    }
  }
}
