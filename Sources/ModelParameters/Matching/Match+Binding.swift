import StateDicts

extension Match {
  /// Binds a tensor to its place, or notes why it does not fit.
  mutating func bind(_ spec: ParameterSpec, to tensor: Tensor, from source: String) {
    func mismatch(_ reason: Mismatch.Reason) -> Mismatch {
      Mismatch(
        name: spec.name, source: source, reason: reason, expected: spec.shape, found: tensor.shape,
        expectedType: spec.elementType,
        foundType: tensor.elementType,
        likelyPermutation: reason == .shape ? permutation(from: tensor.shape, to: spec.shape) : nil)
    }
    guard let shaped = tensor.fitted(to: spec.shape) else {
      mismatched.append(mismatch(.shape))
      return
    }
    if tensor.composition != nil, tensor.hasValues {
      mismatched.append(mismatch(.kind))
      return
    }
    guard let target = options.conversion.target(for: spec, from: tensor.elementType) else {
      mismatched.append(mismatch(.dtype))
      return
    }
    guard let convertedTensor = try? shaped.converting(to: target) else {
      mismatched.append(mismatch(.dtype))
      return
    }
    if target != tensor.elementType {
      converted.append(Converted(name: spec.name, from: tensor.elementType, to: target))
    }
    bound.append(
      Binding(name: spec.name, source: source, tensor: tensor, converted: convertedTensor))
  }
}

extension MatchOptions.Conversion {
  /// The type that the model gets; nil if the found one does not do.
  fileprivate func target(for spec: ParameterSpec, from found: ElementType) -> ElementType? {
    guard let declared = spec.elementType else {
      if case .to(let wanted) = self, found.isFloatingPoint { return found.converts(to: wanted) ? wanted : nil }
      return found
    }
    if declared == found, declared.isPlainInteger { return found }
    switch self {
    case .to(let wanted) where found.isFloatingPoint && declared.isFloatingPoint:
      return found.converts(to: wanted) ? wanted : nil
    case .never:
      return declared == found ? found : nil
    default:
      // A counter comes along when somebody makes halves of a whole state dict.
      let isCounter = spec.shape.isEmpty && spec.role == .buffer
      return found.converts(to: declared) || (isCounter && found.isReal && declared.isPlainInteger) ? declared : nil
    }
  }
}

extension Tensor {
  /// The tensor with a declared shape: itself, or one element for a scalar, as torch takes it from versions before 0.4.
  fileprivate func fitted(to declared: [Int]) -> Tensor? {
    if shape == declared { return self }
    guard declared.isEmpty, shape == [1] else { return nil }
    return squeezed()
  }
}

/// The order of axes that makes one shape of another, if they are the same sizes in another order; the reverse order is
/// preferred, then the one that moves the last axis forward, as between channels-last layouts and torch's.
private func permutation(from found: [Int], to expected: [Int]) -> [Int]? {
  guard found.count == expected.count, found.count > 1, found.count <= 5, found.sorted() == expected.sorted() else {
    return nil
  }
  let axes = Array(found.indices)
  let channelsLast = [0, axes.count - 1] + axes.dropFirst().dropLast()
  let channelsFirst = [0] + axes.dropFirst(2) + [1]
  let kernelFirst = [axes.count - 1, axes.count - 2] + axes.dropLast(2)
  for order in [axes.reversed(), channelsLast, channelsFirst, kernelFirst] where order.map({ found[$0] }) == expected {
    return order
  }
  var order: [Int] = []
  for size in expected {
    guard let axis = axes.first(where: { found[$0] == size && !order.contains($0) }) else { return nil }
    order.append(axis)
  }
  return order
}
