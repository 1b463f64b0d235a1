extension Tensor {
  /// A tensor put together from its chunks when its bytes are asked for; one chunk that is all of it is used as it
  /// lies.
  ///
  ///     shape [4, 4]:   chunk at [0, 0] of [2, 4],  chunk at [2, 0] of [2, 4]
  ///
  /// - Throws: `missingRecord` where the chunks leave a hole, `malformedTensor` where they overlap, leave the shape or
  ///   are of another type.
  package static func assembled(
    shape: [Int], elementType: ElementType, chunks: [TensorChunk], requiresGrad: Bool, name: String
  ) throws(CheckpointError) -> Tensor {
    let geometry = try TensorGeometry(stated: shape)
    for chunk in chunks {
      let isInside =
        chunk.offsets.count == shape.count && chunk.tensor.shape.count == shape.count
        && zip(zip(chunk.offsets, chunk.tensor.shape), shape).allSatisfy { place, size in
          place.0 >= 0 && place.0 <= size && place.1 <= size - place.0
        }
      // A chunk that repeats its elements would let a small file ask for any amount of memory; torch writes none.
      guard isInside, chunk.tensor.elementType == elementType, chunk.tensor.composition == nil,
        chunk.tensor.byteCount <= chunk.tensor.storage.byteCount
      else {
        throw CheckpointError.malformedTensor(
          "\(name): the chunk \(chunk.tensor) at \(chunk.offsets) is not inside \(elementType) \(shape).")
      }
    }
    try requireDisjoint(chunks, name)
    let covered = chunks.reduce(0) { $0 + $1.tensor.elementCount }
    guard covered == geometry.elementCount else {
      throw CheckpointError(
        .missingRecord, "\(name): the chunks cover only \(covered) of \(geometry.elementCount) elements.",
        remedy: "copy the whole folder again: the file of another rank may be missing")
    }
    guard let first = chunks.first else {
      return Tensor(
        elementType: elementType, geometry: geometry, storage: StorageOrigin.memory.emptyStorage,
        requiresGrad: requiresGrad)
    }
    return try assembled(
      chunks.filter { $0.tensor.elementCount > 0 }, geometry.shape, elementType, like: first.tensor.storage,
      requiresGrad,
      name)
  }

  /// The tensor that chunks make, which are known to fill the shape and not to overlap.
  static func assembled(
    _ chunks: [TensorChunk], _ shape: [Int], _ elementType: ElementType, like storage: Storage, _ requiresGrad: Bool,
    _ name: String
  ) throws(CheckpointError) -> Tensor {
    let geometry = try TensorGeometry(stated: shape)
    guard let byteCount = geometry.elementCount.times(elementType.byteCount) else {
      throw CheckpointError.impossibleSize(name)
    }
    if let only = chunks.first, chunks.count == 1, only.tensor.shape == shape {
      return only.tensor.requiringGrad(requiresGrad)
    }
    let contents = AssembledContents(shape: shape, elementType: elementType, chunks: chunks, byteCount: byteCount)
    return Tensor(
      elementType: elementType, geometry: TensorGeometry(contiguous: shape, elementCount: geometry.elementCount),
      storage: Storage(computed: contents, like: storage, key: name), requiresGrad: requiresGrad)
  }

  /// Sorted by their first rows, chunks need only be compared with those that begin before they end.
  private static func requireDisjoint(_ chunks: [TensorChunk], _ name: String) throws(CheckpointError) {
    let sorted = chunks.filter { $0.tensor.elementCount > 0 }.sorted {
      ($0.offsets.first ?? 0) < ($1.offsets.first ?? 0)
    }
    // Chunks that all begin in one row would take the square of their number; a grid takes far fewer steps.
    var stepsLeft = 64 * sorted.count + 1 << 20
    for (place, chunk) in sorted.enumerated() {
      let end = (chunk.offsets.first ?? 0) + (chunk.tensor.shape.first ?? 1)
      for other in sorted[(place + 1)...] {
        if (other.offsets.first ?? 0) >= end { break }
        stepsLeft -= 1
        guard stepsLeft > 0 else {
          throw CheckpointError(
            .limitExceeded, "\(name): \(sorted.count) chunks lie side by side, more than are compared.",
            remedy: "save the checkpoint again with larger chunks")
        }
        let isApart = zip(chunk.offsets.indices, zip(chunk.offsets, other.offsets)).contains { axis, starts in
          starts.0 + chunk.tensor.shape[axis] <= starts.1 || starts.1 + other.tensor.shape[axis] <= starts.0
        }
        guard isApart else {
          throw CheckpointError.malformedTensor("\(name): the chunks at \(chunk.offsets) and \(other.offsets) overlap.")
        }
      }
    }
  }
}
