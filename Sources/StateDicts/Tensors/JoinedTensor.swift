extension Tensor {
  /// A tensor whose elements in C order are those of several vectors, one after another.
  ///
  ///     shape [2, 3]:   4 elements of one rank, 2 of the next
  ///
  /// One vector that has all of them is used as it lies.
  ///
  /// - Throws: `missingRecord` if there are too few elements; `malformedTensor` for parts that are no vectors, or of
  ///   different types.
  package static func joined(
    _ parts: [Tensor], shape: [Int], elementType: ElementType, name: String
  ) throws(CheckpointError) -> Tensor {
    let geometry = try TensorGeometry(stated: shape)
    var chunks: [TensorChunk] = []
    var count = 0
    for part in parts where part.elementCount > 0 {
      chunks.append(TensorChunk(offsets: [count], tensor: part))
      guard let sum = count.plus(part.elementCount) else { throw CheckpointError.impossibleSize(name) }
      count = sum
    }
    let flat = try assembled(
      shape: [geometry.elementCount], elementType: elementType, chunks: chunks, requiresGrad: false, name: name)
    guard flat.geometry.isContiguous else {
      throw CheckpointError.malformedTensor("\(name): its elements are not adjacent.")
    }
    return try Tensor(
      elementType: elementType,
      geometry: TensorGeometry(
        shape: shape, strides: TensorGeometry.contiguousStrides(shape), offset: flat.geometry.offset,
        elementByteCount: elementType.byteCount, storageByteCount: flat.storage.byteCount),
      storage: flat.storage)
  }

  /// Returns a range of the elements of a vector.
  ///
  /// - Throws: `malformedTensor` for a range outside it.
  package func elements(_ range: Range<Int>) throws(CheckpointError) -> Tensor {
    guard shape.count == 1, range.lowerBound >= 0, range.upperBound <= shape[0] else {
      throw CheckpointError.malformedTensor("The elements \(range) are not those of a vector of shape \(shape).")
    }
    let geometry = try TensorGeometry(
      shape: [range.count], strides: strides, offset: geometry.offset + range.lowerBound * strides[0],
      elementByteCount: elementType.byteCount, storageByteCount: storage.byteCount)
    return Tensor(
      elementType: elementType, geometry: geometry, storage: storage, pendingOperations: pendingOperations)
  }
}
