/// Writes a file that was laid out: tensors, each byte once, in windows of a megabyte, by two threads; then what stands
/// around them.
///
/// Large tensors go in parts, small ones in batches; whatever lies in a mapped file is written from there and its pages
/// given back, so that memory stays at a few windows whatever the size of the checkpoint. Each window's CRC-32 is taken
/// while it is in the cache, and a tensor's is put together from those of its parts.
struct TensorCopy {
  private enum Piece {
    /// Elements of one tensor that lies in place.
    case part(row: Int, elements: Range<Int>)
    /// A tensor that must be unpacked: by one thread, from first to last.
    case whole(row: Int)
    /// A part of a tensor whose elements do not lie in C order.
    case box(row: Int, ElementGrid, number: Int)
    /// Tensors that together make a window.
    case batch(rows: Range<Int>)
  }

  private struct Outcome {
    /// Of parts of tensors, each with the byte at which it begins.
    var checksums: [(row: Int, start: Int, value: Checksum, byteCount: Int)] = []
    var failure: (any Error)?
  }

  private let rows: [OutputRow]
  private let frame: any OutputFrame
  private let byteCount: Int
  private let file: AtomicFile
  private let progress: ProgressSum
  private let sums = StorageSums()
  private var pieces: [Piece] = []
  /// The last row of each piece: a batch writes what stands between its own rows.
  private var lastRows: [Int] = []

  init(_ output: OutputFile, to file: AtomicFile, progress: ProgressSum) {
    rows = output.rows
    frame = output.frame
    byteCount = output.dataByteCount
    self.file = file
    self.progress = progress
    var batch: Range<Int>?
    for (row, item) in rows.enumerated() {
      let tensor = item.tensor
      let isPacked = tensor.storage.packedContents != nil
      let isClose = tensor.extentByteCount <= Tensor.windowByteCount
      if !(tensor.isInPlace && tensor.byteRange == 0..<tensor.storage.byteCount) { sums.expect(tensor.storage) }
      if tensor.byteCount < Tensor.windowByteCount / 8, isClose, !isPacked {
        if let open = batch, item.end - rows[open.lowerBound].offset <= Tensor.windowByteCount {
          batch = open.lowerBound..<row + 1
        } else {
          if let batch { add(batch) }
          batch = row..<row + 1
        }
        continue
      }
      if let open = batch { add(open) }
      batch = nil
      lastRows.append(row)
      if isPacked {
        pieces.append(.whole(row: row))
        continue
      }
      if !tensor.isInPlace {
        let grid = ElementGrid([tensor])
        for number in 0..<grid.count { pieces.append(.box(row: row, grid, number: number)) }
        continue
      }
      let step = Tensor.windowByteCount / tensor.elementType.byteCount
      for start in stride(from: 0, to: tensor.elementCount, by: step) {
        pieces.append(.part(row: row, elements: start..<min(start + step, tensor.elementCount)))
      }
    }
    if let batch { add(batch) }
  }

  private mutating func add(_ batch: Range<Int>) {
    pieces.append(.batch(rows: batch))
    lastRows.append(batch.upperBound - 1)
  }

  /// Writes everything, and checks every storage's CRC-32 that the source file gives.
  func run() throws {
    let checksums = try copyRows()
    try file.write(frame.head(checksums), at: 0)
    for row in lastRows where row + 1 < rows.count && rows[row + 1].offset > rows[row].end {
      try file.write(frame.gap(after: row, checksums[row]), at: rows[row].end)
    }
    let end = rows.last?.end ?? frame.head(checksums).count
    try file.write(frame.tail(checksums), at: end)
  }

  /// - Returns: The rows' checksums.
  private func copyRows() throws -> [Checksum] {
    let workers = byteCount > 4 << 20 ? 2 : 1
    let outcomes = Locked([Outcome](repeating: Outcome(), count: workers))
    let next = Locked((piece: 0, hasFailed: false))
    let copy = self
    concurrentPerform(workers) { worker in
      var outcome = Outcome()
      do {
        let scratch = (window: try Scratch(), pieces: try Scratch())
        while let piece = next.withLock({ state -> Int? in
          guard !state.hasFailed, state.piece < copy.pieces.count else { return nil }
          defer { state.piece += 1 }
          return state.piece
        }) {
          let (row, count) = try copy.copy(piece, scratch, &outcome)
          copy.progress.add(count, copy.rows[row].name)
          try AwaitedWork.check()
        }
      } catch {
        next.withLock { $0.hasFailed = true }
        outcome.failure = error
      }
      outcomes.withLock { $0[worker] = outcome }
    }
    let results = outcomes.withLock { $0 }
    for outcome in results { if let failure = outcome.failure { throw failure } }
    return try confirm(results.flatMap(\.checksums))
  }

  /// Writes one piece.
  private func copy(
    _ number: Int, _ scratch: (window: Scratch, pieces: Scratch), _ outcome: inout Outcome
  ) throws -> (row: Int, byteCount: Int) {
    switch pieces[number] {
    case .part(let row, let elements):
      let tensor = rows[row].tensor
      let width = tensor.elementType.byteCount
      let count = elements.count * width
      let (store, offset) = try tensor.storage.region()
      let start = offset + tensor.byteRange.lowerBound + elements.lowerBound * width
      var checksum = Checksum()
      try unsafe store.withUnsafeBytes { all in
        let window = unsafe UnsafeRawBufferPointer(rebasing: all[start..<start + count])
        unsafe checksum.update(with: window)
        try unsafe file.write(window, at: rows[row].offset + elements.lowerBound * width)
      }
      // A fault may map a large folio of the page cache whole, back into windows that were given back before: now and then
      // those go once more.
      let behind = number % 16 == 0 ? 64 * Tensor.windowByteCount : 0
      store.drop(max(start - behind, 0)..<start + count)
      outcome.checksums.append((row, elements.lowerBound * width, checksum, count))
      return (row, count)
    case .box(let row, let grid, let number):
      let tensor = rows[row].tensor
      let width = tensor.elementType.byteCount
      let reader = try BoxReader(tensor, grid.walks[0], scratch)
      let box = grid[number]
      try sums.enter(reader, box, of: tensor)
      var count = 0
      try grid.forEachWindow(box, upTo: Tensor.windowByteCount / width) { range, runs in
        try unsafe reader.withBytes(range) { window in
          for run in runs {
            let start = (run.range.lowerBound - range.lowerBound) * width
            let part = unsafe UnsafeRawBufferPointer(rebasing: window[start..<start + run.range.count * width])
            unsafe outcome.checksums.append((row, run.place * width, Checksum(of: part), part.count))
            try unsafe file.write(part, at: rows[row].offset + run.place * width)
          }
          count += window.count
        }
      }
      return (row, count)
    case .whole(let row):
      var position = rows[row].offset
      var checksum = Checksum()
      try unsafe rows[row].tensor.forEachWindow { window in
        unsafe checksum.update(with: window)
        try unsafe file.write(window, at: position)
        position += window.count
      }
      outcome.checksums.append((row, 0, checksum, rows[row].tensor.byteCount))
      return (row, rows[row].tensor.byteCount)
    case .batch(let range):
      let first = rows[range.lowerBound].offset
      let count = rows[range.upperBound - 1].end - first
      try unsafe scratch.window.withBytes(count: count) { target in
        for row in range {
          let tensor = rows[row].tensor
          let start = rows[row].offset - first
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[start..<start + tensor.byteCount])
          try unsafe tensor.copyElements(to: part)
          let sum = unsafe Checksum(of: UnsafeRawBufferPointer(part))
          outcome.checksums.append((row, 0, sum, tensor.byteCount))
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
  }

  /// Gives back the mapped pages that a batch was read from: its storages mostly lie side by side.
  private func dropSources(of range: Range<Int>) {
    var lowest: (store: ByteStore, range: Range<Int>)?
    for row in range {
      guard let (store, offset) = try? rows[row].tensor.storage.region(), store.isMapped else { continue }
      let extent = offset..<offset + rows[row].tensor.storage.byteCount
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

  /// Puts the parts' checksums together, and holds each storage's against what its file says: the tensor's own where it
  /// is the whole storage as it lies.
  private func confirm(_ parts: [(row: Int, start: Int, value: Checksum, byteCount: Int)]) throws -> [Checksum] {
    var byRow = [Checksum](repeating: Checksum(), count: rows.count)
    for part in parts.sorted(by: { ($0.row, $0.start) < ($1.row, $1.start) }) {
      byRow[part.row].append(part.value, byteCount: part.byteCount)
    }
    for (row, item) in rows.enumerated() {
      let storage = item.tensor.storage
      if item.tensor.isInPlace, item.tensor.byteRange == 0..<storage.byteCount {
        try storage.confirm(byRow[row])
      }
    }
    try sums.confirm()
    return byRow
  }
}
