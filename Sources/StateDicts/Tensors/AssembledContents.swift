/// The bytes of a tensor that lies in chunks, in C order.
///
///     concatenated along dimension 1:   a0 a1 │ b0 b1 b2        rows of two chunks in turn
///                                       a2 a3 │ b3 b4 b5
struct AssembledContents: ComputedContents {
  let shape: [Int]
  let elementType: ElementType
  /// In the order of their first rows; each has elements.
  let chunks: [TensorChunk]
  let byteCount: Int
  /// Whether no two chunks have a row in common, so that those of a range of rows can be looked up.
  private let areRowsApart: Bool

  init(shape: [Int], elementType: ElementType, chunks: [TensorChunk], byteCount: Int) {
    let sorted = chunks.sorted { ($0.offsets.first ?? 0) < ($1.offsets.first ?? 0) }
    (self.shape, self.elementType, self.byteCount) = (shape, elementType, byteCount)
    self.chunks = sorted
    areRowsApart = zip(sorted, sorted.dropFirst()).allSatisfy { chunk, next in
      (chunk.offsets.first ?? 0) + (chunk.tensor.shape.first ?? 1) <= (next.offsets.first ?? 0)
    }
  }

  var sources: [Tensor] { chunks.map(\.tensor) }

  var segments: [TensorSegment]? {
    // Chunks follow one another where only the first dimension that has more than one index is cut.
    guard let axis = shape.firstIndex(where: { $0 > 1 }) else { return nil }
    let areWhole = chunks.allSatisfy { $0.tensor.shape.dropFirst(axis + 1) == shape.dropFirst(axis + 1) }
    guard areWhole else { return nil }
    return chunks.sorted { $0.offsets[axis] < $1.offsets[axis] }.flatMap(\.tensor.segments)
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    let width = elementType.byteCount
    let elements = range.lowerBound / width..<(range.upperBound + width - 1) / width
    do {
      guard elements.count * width == range.count else {
        // A view by bytes may begin or end within an element.
        let whole = try Scratch(byteCount: elements.count * width)
        return try unsafe whole.withBytes(count: elements.count * width) { bytes in
          try unsafe read(elements.lowerBound * width..<elements.upperBound * width, into: bytes)
          let start = range.lowerBound - elements.lowerBound * width
          unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + range.count]))
        }
      }
      try TensorGeometry.forEachBox(elements, of: shape) { start, size, box in
        let bytes = (box.lowerBound - elements.lowerBound) * width..<(box.upperBound - elements.lowerBound) * width
        let place = unsafe UnsafeMutableRawBufferPointer(rebasing: target[bytes])
        for chunk in chunks(ofRows: (start.first ?? 0)..<(start.first ?? 0) + (size.first ?? 1)) {
          try unsafe fill(place, chunk, start, size)
        }
      }
    } catch {
      throw CheckpointError.reading(error)
    }
  }

  /// The chunks that may have something of a range of rows.
  private func chunks(ofRows rows: Range<Int>) -> ArraySlice<TensorChunk> {
    /// The first chunk that ends, or begins, behind a row.
    func first(where isBehind: (TensorChunk) -> Bool) -> Int {
      var (low, high) = (0, chunks.count)
      while low < high {
        let middle = (low + high) / 2
        if isBehind(chunks[middle]) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    let end = first { $0.offsets[0] >= rows.upperBound }
    let start = areRowsApart ? first { $0.offsets[0] + $0.tensor.shape[0] > rows.lowerBound } : 0
    return chunks[min(start, end)..<end]
  }

  /// Copies what a chunk has of a box, each run of the last dimension to its place among the bytes of the box.
  private func fill(
    _ target: UnsafeMutableRawBufferPointer, _ chunk: TensorChunk, _ start: [Int], _ size: [Int]
  ) throws {
    var (inChunk, inBox, common) = (start, start, size)
    for axis in start.indices {
      let offset = chunk.offsets[axis]
      let overlap = (start[axis]..<start[axis] + size[axis]).clamped(to: offset..<offset + chunk.tensor.shape[axis])
      guard !overlap.isEmpty else { return }
      inChunk[axis] = overlap.lowerBound - offset
      inBox[axis] = overlap.lowerBound - start[axis]
      common[axis] = overlap.count
    }
    let part = chunk.tensor.viewed(chunk.tensor.geometry.narrowed(start: inChunk, size: common))
    try unsafe copy(part, to: target, at: inBox, of: size)
    part.dropExtent()
  }

  private func copy(_ part: Tensor, to target: UnsafeMutableRawBufferPointer, at start: [Int], of size: [Int]) throws {
    let width = elementType.byteCount
    let strides = TensorGeometry.contiguousStrides(size)
    let origin = zip(start, strides).reduce(0) { $0 + $1.0 * $1.1 } * width
    // From the last dimensions, as many as the part has whole make one run.
    var axis = size.count
    while axis > 0, part.shape[axis - 1] == size[axis - 1] { axis -= 1 }
    let run = part.shape[max(axis - 1, 0)...].reduce(width, *)
    if run == part.byteCount {
      return try unsafe part.copyElements(
        to: UnsafeMutableRawBufferPointer(rebasing: target[origin..<origin + part.byteCount]))
    }
    let scratch = try Scratch(byteCount: part.byteCount)
    try unsafe scratch.withBytes(count: part.byteCount) { bytes in
      try unsafe part.copyElements(to: bytes)
      var rows = Odometer(Array(part.shape[..<(axis - 1)]))
      for position in stride(from: 0, to: part.byteCount, by: run) {
        let place = origin + rows.place(strides) * width
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[place..<place + run])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + run]))
        rows.advance()
      }
    }
  }
}
