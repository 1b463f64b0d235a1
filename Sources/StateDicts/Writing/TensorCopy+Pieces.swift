extension TensorCopy {
  /// Memory of one thread.
  struct Memory: @unchecked Sendable {
    /// What is gathered.
    let window: Scratch
    /// What is read piece by piece.
    let pieces: Scratch
    /// What is converted.
    let converted: Scratch

    init() throws(CheckpointError) {
      (window, pieces, converted) = (try Scratch(), try Scratch(), try Scratch())
    }
  }

  /// Writes one piece.
  ///
  /// - Returns: One of its rows, and how many bytes of them were written.
  func copy(
    _ piece: Piece, _ memory: Memory, _ outcome: inout Outcome
  ) throws -> (row: Int, byteCount: Int) {
    switch piece {
    case .part(let source, let elements):
      let source = sources[source]
      if source.tensor.storage.computedContents == nil {
        try copy(elements, of: source, memory, &outcome)
      } else {
        let count = elements.count * source.tensor.elementType.byteCount
        try unsafe memory.window.withBytes(count: count) { window in
          try unsafe source.tensor.copyElements(elements, to: window)
          try unsafe write(UnsafeRawBufferPointer(window), of: source, at: elements.lowerBound, memory, &outcome)
        }
      }
      return (source.row, elements.count * source.width)
    case .box(let source, let grid, let number):
      return try copy(grid[number], of: grid, sources[source], memory, &outcome)
    case .whole(let source):
      let source = sources[source]
      var position = 0
      try unsafe source.tensor.forEachWindow { window in
        try unsafe write(window, of: source, at: position, memory, &outcome)
        position += window.count / source.tensor.elementType.byteCount
      }
      return (source.row, source.segment.byteCount)
    case .batch(let rows): return try copy(rows, memory, &outcome)
    }
  }

  /// Writes elements that lie in C order in a file or in memory.
  private func copy(
    _ elements: Range<Int>, of source: Source, _ memory: Memory, _ outcome: inout Outcome
  ) throws {
    let (tensor, storage) = (source.tensor, source.tensor.storage)
    let width = tensor.elementType.byteCount
    let (store, offset) = try storage.region()
    let first = tensor.byteRange.lowerBound + elements.lowerBound * width
    let bytes = first..<first + elements.count * width
    let start = offset + bytes.lowerBound
    try store.hold(start..<start + bytes.count)
    defer { store.release(start..<start + bytes.count) }
    try unsafe store.withUnsafeBytes { all in
      let window = unsafe UnsafeRawBufferPointer(rebasing: all[start..<start + bytes.count])
      let sum = try unsafe write(window, of: source, at: elements.lowerBound, memory, &outcome)
      if sums.isExpected(storage) { unsafe sums.add(storage, bytes, sum ?? Checksum(of: window)) }
    }
    if store.isMapped { store.drop(start..<start + bytes.count) }
  }

  /// Writes elements of a source, converted if it says so.
  ///
  /// - Parameter element: The place of the first in C order.
  /// - Returns: The checksum of the bytes as they were read, if it is known.
  @discardableResult
  private func write(
    _ window: UnsafeRawBufferPointer, of source: Source, at element: Int, _ memory: Memory, _ outcome: inout Outcome
  ) throws -> Checksum? {
    try unsafe convert(window, of: source, memory, &outcome) { bytes, outcome in
      let start = source.start + element * source.width
      let sum = unsafe Checksum(of: bytes)
      outcome.checksums.append((source.row, start, sum, bytes.count))
      try unsafe file.write(bytes, at: rows[source.row].offset + start)
      return source.segment.cast == nil ? sum : nil
    }
  }

  /// Calls `body` with elements as they are written, and counts what is lost.
  private func convert<Result>(
    _ window: UnsafeRawBufferPointer, of source: Source, _ memory: Memory, _ outcome: inout Outcome,
    _ body: (UnsafeRawBufferPointer, inout Outcome) throws -> Result
  ) throws -> Result {
    guard let cast = source.segment.cast else { return try unsafe body(window, &outcome) }
    let count = window.count / cast.source.byteCount * cast.target.byteCount
    var losses: ElementCast.Losses? = ElementCast.Losses()
    return try unsafe memory.converted.withBytes(count: count) { target in
      unsafe cast.convert(window, to: target, losses: &losses)
      if let losses { outcome.losses[source.row, default: .init()].add(losses) }
      return try unsafe body(UnsafeRawBufferPointer(target), &outcome)
    }
  }

  /// Writes a box of a tensor whose elements do not lie in C order.
  private func copy(
    _ box: ElementGrid.Box, of grid: ElementGrid, _ source: Source, _ memory: Memory, _ outcome: inout Outcome
  ) throws -> (row: Int, byteCount: Int) {
    let reader = try BoxReader(source.tensor, grid.walks[0], (memory.window, memory.pieces))
    try sums.enter(reader, box, of: source.tensor)
    var count = 0
    try grid.forEachWindow(box, upTo: source.windowCount) { range, runs in
      count += try unsafe reader.withBytes(range) { try unsafe write($0, (range, runs), of: source, memory, &outcome) }
    }
    return (source.row, count)
  }

  /// Writes a range of a box's elements, converted if the source says so.
  ///
  /// - Returns: How many bytes were written.
  func write(
    _ bytes: UnsafeRawBufferPointer, _ window: (range: Range<Int>, runs: [ElementGrid.Run]), of source: Source,
    _ memory: Memory, _ outcome: inout Outcome
  ) throws -> Int {
    let width = source.width
    return try unsafe convert(bytes, of: source, memory, &outcome) { bytes, outcome in
      for run in window.runs {
        let first = (run.range.lowerBound - window.range.lowerBound) * width
        let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[first..<first + run.range.count * width])
        let start = source.start + run.place * width
        unsafe outcome.checksums.append((source.row, start, Checksum(of: part), part.count))
        try unsafe file.write(part, at: rows[source.row].offset + start)
      }
      return bytes.count
    }
  }

  /// Writes small tensors, and what stands between them.
  private func copy(
    _ range: Range<Int>, _ memory: Memory, _ outcome: inout Outcome
  ) throws -> (row: Int, byteCount: Int) {
    let first = rows[range.lowerBound].offset
    let count = rows[range.upperBound - 1].end - first
    try unsafe memory.window.withBytes(count: count) { target in
      for row in range {
        let start = rows[row].offset - first
        let bytes = start..<start + rows[row].tensor.byteCount
        try unsafe gather(row, to: UnsafeMutableRawBufferPointer(rebasing: target[bytes]), memory, &outcome)
        let sum = unsafe Checksum(of: UnsafeRawBufferPointer(rebasing: target[bytes]))
        outcome.checksums.append((row, 0, sum, bytes.count))
        guard row + 1 < range.upperBound, rows[row + 1].offset > rows[row].end else { continue }
        let gap = frame.gap(after: row, sum)
        let end = rows[row].end - first
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[end..<end + gap.count]).copyBytes(from: gap)
      }
      try unsafe file.write(UnsafeRawBufferPointer(target), at: first)
    }
    dropSources(of: range)
    return (range.lowerBound, range.reduce(0) { $0 + rows[$1].tensor.byteCount })
  }

  /// The places of a row's segments.
  private func sourceRange(_ row: Int) -> Range<Int> {
    firstSources[row]..<(row + 1 < firstSources.count ? firstSources[row + 1] : sources.count)
  }

  /// Gathers the bytes of a row as they are written.
  private func gather(
    _ row: Int, to target: UnsafeMutableRawBufferPointer, _ memory: Memory, _ outcome: inout Outcome
  ) throws {
    for source in sources[sourceRange(row)] {
      let place = source.start..<source.start + source.segment.byteCount
      guard let cast = source.segment.cast else {
        try unsafe source.tensor.copyElements(to: UnsafeMutableRawBufferPointer(rebasing: target[place]))
        continue
      }
      var losses: ElementCast.Losses? = ElementCast.Losses()
      try unsafe memory.converted.withBytes(count: source.tensor.byteCount) { window in
        try unsafe source.tensor.copyElements(to: window)
        unsafe cast.convert(
          UnsafeRawBufferPointer(window), to: UnsafeMutableRawBufferPointer(rebasing: target[place]), losses: &losses)
      }
      if let losses { outcome.losses[row, default: .init()].add(losses) }
    }
  }

  /// Gives back the memory that a batch was read from: its storages mostly lie side by side.
  private func dropSources(of range: Range<Int>) {
    var lowest: (store: ByteStore, range: Range<Int>)?
    for source in sources[sourceRange(range.lowerBound).lowerBound..<sourceRange(range.upperBound - 1).upperBound] {
      let storage = source.tensor.storage
      guard storage.computedContents == nil, let (store, offset) = try? storage.region(), store.isFile else {
        continue
      }
      let extent = offset..<offset + storage.byteCount
      if let open = lowest, open.store === store, extent.lowerBound >= open.range.lowerBound,
        extent.lowerBound - open.range.upperBound < Tensor.windowByteCount
      {
        lowest = (store, open.range.lowerBound..<max(extent.upperBound, open.range.upperBound))
      } else {
        if let lowest { lowest.store.drop(lowest.range) }
        lowest = (store, extent)
      }
    }
    if let lowest { lowest.store.drop(lowest.range) }
  }
}
