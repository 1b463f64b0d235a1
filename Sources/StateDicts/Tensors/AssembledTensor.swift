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
    if first.tensor.shape == shape { return first.tensor.requiringGrad(requiresGrad) }
    let contents = AssembledContents(
      shape: shape, elementType: elementType, chunks: chunks.filter { $0.tensor.elementCount > 0 })
    guard let byteCount = geometry.elementCount.times(elementType.byteCount) else {
      throw CheckpointError.impossibleSize(name)
    }
    let storage = Storage(
      .lazy(contents), byteCount: byteCount, key: name, location: first.tensor.storage.location,
      origin: first.tensor.storage.origin.derived())
    return Tensor(elementType: elementType, geometry: geometry, storage: storage, requiresGrad: requiresGrad)
  }

  /// Sorted by their first rows, chunks need only be compared with those that begin before they end.
  private static func requireDisjoint(_ chunks: [TensorChunk], _ name: String) throws(CheckpointError) {
    let sorted = chunks.filter { $0.tensor.elementCount > 0 }.sorted {
      ($0.offsets.first ?? 0) < ($1.offsets.first ?? 0)
    }
    for (place, chunk) in sorted.enumerated() {
      let end = (chunk.offsets.first ?? 0) + (chunk.tensor.shape.first ?? 1)
      for other in sorted[(place + 1)...] {
        if (other.offsets.first ?? 0) >= end { break }
        let isApart = zip(chunk.offsets.indices, zip(chunk.offsets, other.offsets)).contains { axis, starts in
          starts.0 + chunk.tensor.shape[axis] <= starts.1 || starts.1 + other.tensor.shape[axis] <= starts.0
        }
        guard isApart else {
          throw CheckpointError.malformedTensor("\(name): the chunks at \(chunk.offsets) and \(other.offsets) overlap.")
        }
      }
    }
  }

  /// Returns a range of rows of the tensor.
  fileprivate func rows(_ range: Range<Int>) throws(CheckpointError) -> Tensor {
    let geometry = try TensorGeometry(
      shape: [range.count] + shape.dropFirst(), strides: strides,
      offset: geometry.offset + range.lowerBound * strides[0], elementByteCount: elementType.byteCount,
      storageByteCount: storage.byteCount)
    return Tensor(
      elementType: elementType, geometry: geometry, storage: storage, pendingOperations: pendingOperations)
  }
}

/// The bytes of a tensor that lies in chunks, in C order.
private struct AssembledContents: StorageContents {
  let shape: [Int]
  let elementType: ElementType
  let chunks: [TensorChunk]

  /// How many bytes one index of the first axis takes.
  private var rowByteCount: Int { shape.dropFirst().reduce(elementType.byteCount, *) }

  func load() throws(CheckpointError) -> ByteStore {
    let byteCount = shape[0] * rowByteCount
    return try unsafe ByteStore(byteCount: byteCount) { target throws(CheckpointError) in
      try unsafe fill(target, rows: 0..<shape[0])
    }
  }

  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    let step = max(Tensor.windowByteCount / max(rowByteCount, 1), 1)
    for start in stride(from: 0, to: shape[0], by: step) {
      let rows = start..<min(start + step, shape[0])
      let window = try unsafe ByteStore(byteCount: rows.count * rowByteCount) { target throws(CheckpointError) in
        try unsafe fill(target, rows: rows)
      }
      try unsafe window.withUnsafeBytes(body)
    }
  }

  /// Copies what chunks have of some rows, each run of the last axis to its place.
  private func fill(_ target: UnsafeMutableRawBufferPointer, rows: Range<Int>) throws(CheckpointError) {
    do {
      for chunk in chunks {
        let first = chunk.offsets[0]
        let common = rows.clamped(to: first..<first + chunk.tensor.shape[0])
        guard !common.isEmpty else { continue }
        try chunk.tensor.storage.verifyOnUse()
        let part = try chunk.tensor.rows(common.lowerBound - first..<common.upperBound - first)
        let start = [common.lowerBound - rows.lowerBound] + chunk.offsets.dropFirst()
        try unsafe copy(part, to: target, at: start)
      }
    } catch {
      throw CheckpointError.reading(error)
    }
  }

  private func copy(_ part: Tensor, to target: UnsafeMutableRawBufferPointer, at start: [Int]) throws {
    let strides = TensorGeometry.contiguousStrides(shape)
    let origin = zip(start, strides).reduce(0) { $0 + $1.0 * $1.1 } * elementType.byteCount
    if Array(part.shape.dropFirst()) == Array(shape.dropFirst()) {
      try unsafe part.copyElements(
        to: UnsafeMutableRawBufferPointer(rebasing: target[origin..<origin + part.byteCount]))
      return
    }
    let run = (part.shape.last ?? 1) * elementType.byteCount
    let scratch = try Scratch(byteCount: part.byteCount)
    try unsafe scratch.withBytes(count: part.byteCount) { bytes in
      try unsafe part.copyElements(to: bytes)
      var rows = Odometer(Array(part.shape.dropLast()))
      for position in stride(from: 0, to: part.byteCount, by: run) {
        let place = origin + rows.place(strides) * elementType.byteCount
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[place..<place + run])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + run]))
        rows.advance()
      }
    }
  }
}
