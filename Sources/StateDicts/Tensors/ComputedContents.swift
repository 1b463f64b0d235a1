/// Bytes of a storage that are computed from other tensors, any range of them by itself: none need be kept in memory.
package protocol ComputedContents: StorageContents {
  /// The number of bytes.
  var byteCount: Int { get }
  /// The tensors that the bytes are computed from.
  var sources: [Tensor] { get }
  /// The segments that the bytes are, one after another; nil where they are not laid out so.
  var segments: [TensorSegment]? { get }
  /// Computes a range of the bytes.
  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError)
}

extension ComputedContents {
  package func load() throws(CheckpointError) -> ByteStore {
    try unsafe ByteStore(byteCount: byteCount) { target throws(CheckpointError) in
      try unsafe read(0..<byteCount, into: target)
    }
  }

  package func forEachWindow(
    _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let scratch = try Scratch(byteCount: min(byteCount, Tensor.windowByteCount))
    for window in ByteStore.windows(of: 0..<byteCount) {
      do {
        try unsafe scratch.withBytes(count: window.count) { target in
          try unsafe read(window, into: target)
          try unsafe body(UnsafeRawBufferPointer(target))
        }
      } catch {
        throw CheckpointError.reading(error)
      }
    }
  }
}

/// Consecutive bytes of an output: the elements of a tensor in C order, converted on the way or not.
///
/// What a map makes of tensors is a list of these wherever it can be: renaming, dropping, permuting and splitting are views,
/// concatenation along the first dimension is one segment after another, and only `cast` computes.
package struct TensorSegment: Sendable {
  /// The tensor that is read.
  package let tensor: Tensor
  /// The conversion of its elements; nil if they are copied.
  package let cast: ElementCast?

  /// The number of bytes that are written.
  package var byteCount: Int { cast.map { tensor.elementCount * $0.target.byteCount } ?? tensor.byteCount }
}

extension Tensor {
  /// The segments that the bytes in C order are, as far as they are known without computing: at least the tensor itself.
  package var segments: [TensorSegment] {
    guard isInPlace, byteRange == 0..<storage.byteCount, let segments = storage.computedContents?.segments else {
      return [TensorSegment(tensor: self, cast: nil)]
    }
    return segments
  }

  /// Calls `body` with each tensor of a file that this one is computed from: itself if it is not computed.
  package func forEachOrigin(_ body: (Tensor) throws(CheckpointError) -> Void) throws(CheckpointError) {
    guard let computed = storage.computedContents else { return try body(self) }
    for source in computed.sources { try source.forEachOrigin(body) }
  }

  /// Calls `body` with each tensor that is converted on the way to this one.
  func forEachConversion(_ body: (Tensor, ElementCast) -> Void) {
    guard let computed = storage.computedContents else { return }
    if let derived = computed as? DerivedElements, let cast = derived.cast { body(derived.tensor, cast) }
    for source in computed.sources { source.forEachConversion(body) }
  }
}
