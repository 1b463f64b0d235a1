/// The elements of a tensor in C order, in its own type or another.
struct DerivedElements: ComputedContents {
  let tensor: Tensor
  let cast: ElementCast?
  /// Whether a number that would change is an error.
  var isExact = false

  private var width: Int { cast?.target.byteCount ?? tensor.elementType.byteCount }
  var byteCount: Int { tensor.elementCount * width }
  var sources: [Tensor] { [tensor] }

  var segments: [TensorSegment]? {
    if isExact { return nil }
    let segments = tensor.segments
    guard let cast else { return segments }
    guard segments.allSatisfy({ $0.cast == nil && $0.tensor.elementType == cast.source }) else {
      return [TensorSegment(tensor: tensor, cast: cast)]
    }
    return segments.map { TensorSegment(tensor: $0.tensor, cast: cast) }
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    guard !range.isEmpty else { return }
    let elements = range.lowerBound / width..<(range.upperBound + width - 1) / width
    guard elements.lowerBound * width == range.lowerBound, elements.upperBound * width == range.upperBound else {
      // A view by bytes may begin or end within an element.
      let whole = try Scratch(byteCount: elements.count * width)
      do {
        try unsafe whole.withBytes(count: elements.count * width) { bytes in
          try unsafe read(elements.lowerBound * width..<elements.upperBound * width, into: bytes)
          let start = range.lowerBound - elements.lowerBound * width
          unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + range.count]))
        }
      } catch {
        throw CheckpointError.reading(error)
      }
      return
    }
    do {
      guard let cast else { return try unsafe tensor.copyElements(elements, to: target) }
      let step = max(Tensor.windowByteCount / cast.source.byteCount, 1)
      let scratch = try Scratch(byteCount: min(elements.count, step) * cast.source.byteCount)
      for start in stride(from: elements.lowerBound, to: elements.upperBound, by: step) {
        let part = start..<min(start + step, elements.upperBound)
        try unsafe scratch.withBytes(count: part.count * cast.source.byteCount) { window in
          try unsafe tensor.copyElements(part, to: window)
          let first = (part.lowerBound - elements.lowerBound) * width
          try unsafe convert(
            UnsafeRawBufferPointer(window),
            UnsafeMutableRawBufferPointer(rebasing: target[first..<first + part.count * width]), cast)
        }
      }
    } catch {
      throw CheckpointError.reading(error)
    }
  }

  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    do {
      guard let cast else { return try unsafe tensor.forEachWindow { window in try unsafe body(window) } }
      let scratch = try Scratch(byteCount: Tensor.windowByteCount / cast.source.byteCount * width)
      try unsafe tensor.forEachWindow { window in
        try unsafe scratch.withBytes(count: window.count / cast.source.byteCount * width) { target in
          try unsafe convert(window, target, cast)
          try unsafe body(UnsafeRawBufferPointer(target))
        }
      }
    } catch {
      throw CheckpointError.reading(error)
    }
  }

  func load() throws(CheckpointError) -> ByteStore {
    try unsafe ByteStore(byteCount: byteCount) { target throws(CheckpointError) in
      var position = 0
      try unsafe forEachWindow { window throws(CheckpointError) in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[position..<position + window.count])
          .copyMemory(from: window)
        position += window.count
      }
    }
  }

  private func convert(
    _ window: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ cast: ElementCast
  ) throws(CheckpointError) {
    var losses = isExact ? ElementCast.Losses() : nil
    unsafe cast.convert(window, to: target, losses: &losses)
    guard let losses, losses.rounded + losses.overflowed > 0 else { return }
    let count = window.count / cast.source.byteCount
    throw CheckpointError(
      .inexactConversion,
      "\(losses.rounded + losses.overflowed) of \(count) \(cast.source) values cannot be represented as \(cast.target).",
      entry: tensor.storage.entry, remedy: "convert to a wider type")
  }
}

extension ElementCast {
  /// What a conversion of a tensor's elements loses.
  func losses(of tensor: Tensor) throws -> Losses {
    var losses: Losses? = Losses()
    let scratch = try Scratch()
    try unsafe tensor.forEachWindow { window in
      try unsafe scratch.withBytes(count: window.count / source.byteCount * target.byteCount) { target in
        unsafe convert(window, to: target, losses: &losses)
      }
    }
    return losses ?? Losses()
  }
}
