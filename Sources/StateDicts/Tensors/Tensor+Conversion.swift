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
    guard let byteCount = elementCount.times(type.byteCount) else {
      throw CheckpointError(.limitExceeded, "Converted to \(type), the tensor would exceed 2^63 bytes.")
    }
    let storage = Storage(
      .lazy(ConvertedElements(tensor: self, cast: cast, isExact: isExact)), byteCount: byteCount,
      key: self.storage.key, location: self.storage.location, origin: self.storage.origin.derived())
    return Tensor(
      elementType: type, geometry: TensorGeometry(contiguous: shape, elementCount: elementCount), storage: storage,
      requiresGrad: requiresGrad)
  }
}

/// A tensor's elements in another type, in C order.
private struct ConvertedElements: StorageContents {
  let tensor: Tensor
  let cast: ElementCast
  let isExact: Bool

  func load() throws(CheckpointError) -> ByteStore {
    try unsafe ByteStore(byteCount: tensor.elementCount * cast.target.byteCount) { target throws(CheckpointError) in
      var position = 0
      try unsafe forEachWindow { window throws(CheckpointError) in
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[position..<position + window.count])
          .copyMemory(from: window)
        position += window.count
      }
    }
  }

  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    do {
      let scratch = try Scratch(byteCount: Tensor.windowByteCount / cast.source.byteCount * cast.target.byteCount)
      try unsafe tensor.forEachWindow { window in
        let count = window.count / cast.source.byteCount
        try unsafe scratch.withBytes(count: count * cast.target.byteCount) { target in
          var losses = isExact ? ElementCast.Losses() : nil
          unsafe cast.convert(window, to: target, losses: &losses)
          if let losses, losses.rounded + losses.overflowed > 0 {
            throw CheckpointError(
              .inexactConversion,
              "\(losses.rounded + losses.overflowed) of \(count) \(cast.source) values cannot be represented as \(cast.target).",
              entry: tensor.storage.entry, remedy: "convert to a wider type")
          }
          try unsafe body(UnsafeRawBufferPointer(target))
        }
      }
    } catch {
      throw CheckpointError.reading(error)
    }
  }
}
