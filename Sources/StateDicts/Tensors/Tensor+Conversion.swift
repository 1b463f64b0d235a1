extension Tensor {
  /// Returns the tensor with another element type, converted with torch's results (`ElementCast`) when it is read.
  ///
  /// - Parameter isExact: Whether reading throws `inexactConversion` if a number would change.
  /// - Throws: `unsupported` for elements that torch does not convert (quantized ones, 4-bit floats, bits).
  package func converted(to type: ElementType, exactly isExact: Bool = false) throws(CheckpointError) -> Tensor {
    if type == elementType { return self }
    guard composition == nil, let cast = ElementCast(from: elementType, to: type) else {
      throw CheckpointError(.unsupported, "A tensor of \(elementType) cannot be converted to \(type).")
    }
    guard elementCount.times(type.byteCount) != nil else {
      throw CheckpointError(.limitExceeded, "Converted to \(type), the tensor would exceed 2^63 bytes.")
    }
    return derived(DerivedElements(tensor: self, cast: cast, isExact: isExact), type, shape)
  }

  /// Returns the tensor in C order, gathered when it is read.
  func gathered(as shape: [Int]) -> Tensor {
    derived(DerivedElements(tensor: self, cast: nil), elementType, shape)
  }

  private func derived(_ contents: DerivedElements, _ type: ElementType, _ shape: [Int]) -> Tensor {
    Tensor(
      elementType: type, geometry: TensorGeometry(contiguous: shape, elementCount: elementCount),
      storage: Storage(computed: contents, like: storage), requiresGrad: requiresGrad)
  }
}
