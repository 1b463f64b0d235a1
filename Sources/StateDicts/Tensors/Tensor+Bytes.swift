extension Tensor {
  /// How much of a tensor is in hand at once when it is walked through.
  package static let windowByteCount = ByteStore.windowByteCount

  /// Calls `body` with the bytes of the elements in C order, little-endian.
  ///
  /// The bytes are used in place if they are stored that way; otherwise they are gathered in memory for the call.
  ///
  /// - Throws: `checksumMismatch` if the whole storage is read and damaged; `unsupported` for a tensor without elements
  ///   of its own (sparse, nested, meta); `limitExceeded` for a view that is expanded beyond the limit.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    let plain = try contiguous()
    return try unsafe plain.storage.withUnsafeBytes(reading: plain.byteRange) { all in
      try unsafe body(UnsafeRawBufferPointer(rebasing: all[plain.byteRange]))
    }
  }

  /// The bytes of a contiguous tensor in place: C order, little-endian.
  ///
  /// A compressed storage stays inflated in memory for as long as a tensor uses it.
  ///
  /// - Throws: The errors of `withUnsafeBytes`, and `unsupported` if the tensor is not in place: use `contiguous()`
  ///   first.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get throws {
      try requireElements()
      guard isInPlace else {
        throw CheckpointError(
          .unsupported, "The tensor is not contiguous, so it has no span.",
          remedy: "take contiguous() first")
      }
      if byteCount == storage.byteCount { try storage.verifyOnUse() }
      try storage.keep(byteRange)
      let (store, offset) = try storage.region(spanned: true)
      let start = offset + byteRange.lowerBound
      let span = store.bytes.extracting(start..<start + byteRange.count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// Returns the tensor in C order, little-endian, with conj and neg resolved.
  ///
  /// - Returns: The tensor itself if its bytes are already stored that way, otherwise a copy.
  /// - Throws: The errors of `withUnsafeBytes`.
  public func contiguous() throws -> Tensor {
    try requireElements()
    if storage.origin.checksOnUse, coversStorage { try storage.verify() }
    if isInPlace { return self }
    try requireNoExpansion()
    let store = try unsafe ByteStore(byteCount: byteCount) { target throws(CheckpointError) in
      let outcome = Result { try unsafe copyElements(to: target) }
      if case .failure(let error) = outcome {
        throw CheckpointError.reading(error)
      }
    }
    return Tensor(
      elementType: elementType, geometry: TensorGeometry(contiguous: shape, elementCount: elementCount),
      storage: Storage(store, key: storage.key), requiresGrad: requiresGrad)
  }

  /// Copies the elements' bytes in C order, little-endian, to memory of `byteCount` bytes; nothing is checked.
  package func copyElements(to target: UnsafeMutableRawBufferPointer) throws {
    if elementType.elementsPerByte > 1 { return try unsafe packedBytes().copyElements(to: target) }
    let computed = storage.computedContents
    if let computed, isInPlace { return try unsafe computed.read(byteRange, into: target) }
    if isInPlace, byteCount >= Self.directByteCount, storage.packedContents == nil {
      let (store, offset) = try storage.region()
      return try unsafe store.read(at: offset + byteRange.lowerBound, into: target)
    }
    guard computed != nil || !isInPlace && extentByteCount > Self.windowByteCount else {
      return try unsafe storage.withUnsafeBytes(reading: extent) { source in
        unsafe ElementWalk(self).copy(0..<elementCount, from: source, to: target)
      }
    }
    let grid = ElementGrid([self])
    let width = elementType.byteCount
    let reader = try BoxReader(self, grid.walks[0])
    for number in 0..<grid.count {
      let box = grid[number]
      try reader.enter(box)
      try grid.forEachWindow(box, upTo: Self.windowByteCount / width) { range, runs in
        if let run = runs.first, runs.count == 1 {
          let bytes = run.place * width..<(run.place + range.count) * width
          return try unsafe reader.copy(range, to: UnsafeMutableRawBufferPointer(rebasing: target[bytes]))
        }
        try unsafe reader.withBytes(range) { window in
          for run in runs {
            let start = (run.range.lowerBound - range.lowerBound) * width
            let part = unsafe UnsafeRawBufferPointer(rebasing: window[start..<start + run.range.count * width])
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[(run.place * width)...]).copyMemory(from: part)
          }
        }
      }
    }
  }

  /// From how many bytes on they are read from the file, rather than copied from its mapping, whose pages would count as
  /// memory in use.
  private static let directByteCount = 64 << 10

  /// Copies a range of the elements, counted in C order; nothing is checked.
  package func copyElements(_ range: Range<Int>, to target: UnsafeMutableRawBufferPointer) throws {
    if range == 0..<elementCount { return try unsafe copyElements(to: target) }
    if isInPlace {
      let geometry = TensorGeometry(contiguous: [range.count], elementCount: range.count)
        .moved(by: self.geometry.offset + range.lowerBound)
      return try unsafe viewed(geometry).copyElements(to: target)
    }
    let width = elementType.byteCount
    try TensorGeometry.forEachBox(range, of: shape) { start, size, elements in
      let bytes = (elements.lowerBound - range.lowerBound) * width..<(elements.upperBound - range.lowerBound) * width
      let part = viewed(geometry.narrowed(start: start, size: size))
      try unsafe part.copyElements(to: UnsafeMutableRawBufferPointer(rebasing: target[bytes]))
      part.dropExtent()
    }
  }

  /// Gives back the mapped pages that the elements lie in.
  func dropExtent() {
    guard elementCount > 0, storage.computedContents == nil, storage.packedContents == nil,
      let (store, base) = try? storage.region(), store.isFile
    else { return }
    store.pass(base + extent.lowerBound..<base + extent.upperBound)
  }

  /// Calls `body` with the bytes in C order, little-endian, a window of a megabyte at most at a time, each dropped
  /// after use: a tensor of any size passes through in a few megabytes.
  ///
  /// Whole elements; the storage's checksum, where the tensor covers it, is known when the last window is through.
  package func forEachWindow(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try requireElements()
    guard elementCount > 0 else { return }
    try requireNoExpansion()
    if elementType.elementsPerByte > 1 { return try unsafe packedBytes().forEachWindow(body) }
    if isInPlace, let packed = storage.packedContents {
      return try unsafe forEachWindow(of: packed, body)
    }
    if isInPlace, let computed = storage.computedContents {
      if storage.origin.checksOnUse { try storage.verify(dropping: true) }
      return try unsafe forEachWindow(of: computed, body)
    }
    let sums = StorageSums()
    if storage.origin.checksOnUse, coversStorage { sums.expect(storage) }
    let grid = ElementGrid([self], isInOrder: true)
    let reader = try BoxReader(self, grid.walks[0])
    for number in 0..<grid.count {
      let box = grid[number]
      try sums.enter(reader, box, of: self)
      try grid.forEachWindow(box, upTo: Self.windowByteCount / elementType.byteCount) { range, _ in
        try AwaitedWork.check()
        try unsafe reader.withBytes(range, body)
      }
    }
    reader.leave()
    if storage.packedContents != nil { storage.drop() }
    if storage.computedContents != nil, storage.origin.checksOnUse { try storage.verify(dropping: true) }
    try sums.confirm()
  }

  /// The bytes of the storage from the first element to the last.
  private var extent: Range<Int> {
    let start = geometry.offset * elementType.byteCount
    return start..<start + extentByteCount
  }

  /// How many bytes of the storage lie from the first element to the last.
  var extentByteCount: Int {
    elementCount == 0 ? 0 : zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 } * elementType.byteCount
  }

  /// Passes the bytes of a tensor in C order whose storage is unpacked on the way, holding no more than a window, and
  /// checks the storage at the end.
  private func forEachWindow(
    of packed: any StorageContents, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var position = 0
    var checksum = Checksum()
    let isChecked = storage.origin.checksOnUse && coversStorage && storage.needsVerification
    let wanted = byteRange
    var failure: (any Error)?
    // An element of which a window has only the first bytes.
    var rest: [UInt8] = []
    let width = elementType.byteCount
    func pass(_ bytes: UnsafeRawBufferPointer) throws {
      var bytes = unsafe bytes
      if !rest.isEmpty {
        let missing = min(width - rest.count, bytes.count)
        unsafe rest.append(contentsOf: bytes.prefix(missing))
        unsafe bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(missing))
        guard rest.count == width else { return }
        try unsafe rest.withUnsafeBytes { try unsafe body($0) }
      }
      let whole = bytes.count / width * width
      unsafe rest = Array(bytes.dropFirst(whole))
      if whole > 0 { try unsafe body(UnsafeRawBufferPointer(rebasing: bytes.prefix(whole))) }
    }
    try unsafe packed.forEachWindow { window throws(CheckpointError) in
      let overlap = wanted.clamped(to: position..<position + window.count)
      if failure == nil, !overlap.isEmpty {
        let part = overlap.lowerBound - position..<overlap.upperBound - position
        do { try unsafe pass(UnsafeRawBufferPointer(rebasing: window[part])) } catch { failure = error }
      }
      position += window.count
      if isChecked { unsafe checksum.update(with: window) }
    }
    if let failure { throw failure }
    if isChecked { try storage.confirm(checksum) }
  }

  /// The bytes of a tensor of packed elements, as numbers of their own; such tensors lie in C order.
  package func packedBytes() -> Tensor {
    let start = byteRange.lowerBound
    let geometry = TensorGeometry(contiguous: [byteCount], elementCount: byteCount).moved(by: start)
    return Tensor(elementType: .uint8, geometry: geometry, storage: storage, requiresGrad: false)
  }

  /// How far a view may be expanded beyond its storage before it is refused.
  package static let expansionLimit = 256 << 20

  /// Whether strides of 0 make more of a storage than a sound file has use for.
  package var isExpandedBeyondLimit: Bool {
    byteCount > storage.byteCount && byteCount > Self.expansionLimit
      || storage.computedContents?.sources.contains { $0.isExpandedBeyondLimit } == true
  }

  func requireNoExpansion() throws(CheckpointError) {
    if isExpandedBeyondLimit {
      throw CheckpointError(
        .limitExceeded, "A view of \(storage.byteCount) bytes is expanded to \(byteCount) bytes, beyond the limit.",
        entry: storage.entry,
        remedy: "read the elements through their strides")
    }
  }

  /// Whether the tensor needs its storage's every byte.
  package var coversStorage: Bool { byteCount >= storage.byteCount && storage.byteCount > 0 }

  package func requireElements() throws(CheckpointError) {
    if let composition, !composition.hasElements {
      throw CheckpointError(
        .unsupported, "A \(composition.kind.rawValue) tensor has no elements of its own.",
        remedy: "read its components, in `composition`")
    }
  }
}
