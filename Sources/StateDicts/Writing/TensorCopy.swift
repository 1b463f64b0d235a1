/// Writes a file that was laid out: tensors, each byte once, in windows of a megabyte, by two threads; then what stands
/// around them.
///
/// Large tensors go in parts, small ones in batches; whatever lies in a mapped file is written from there and its pages
/// given back, so that memory stays at a few windows whatever the size of the checkpoint. Each window's CRC-32 is taken
/// while it is in the cache, and a tensor's is put together from those of its parts.
struct TensorCopy {
  /// A segment of a row.
  struct Source {
    let row: Int
    /// Where its first byte goes in the row.
    let start: Int
    let segment: TensorSegment

    var tensor: Tensor { segment.tensor }
    /// The size of an element as it is written.
    var width: Int { segment.cast?.target.byteCount ?? segment.tensor.elementType.byteCount }
    /// How many elements are gathered at a time.
    var windowCount: Int { Tensor.windowByteCount / max(segment.tensor.elementType.byteCount, width) }
    /// Whether the row is this tensor's whole storage as it is, so that they have one checksum.
    var isStorage: Bool
  }

  enum Piece {
    /// Elements of a tensor that lies in C order, or is computed in C order.
    case part(source: Int, elements: Range<Int>)
    /// A tensor that must be unpacked: by one thread, from first to last.
    case whole(source: Int)
    /// A part of a tensor whose elements do not lie in C order.
    case box(source: Int, ElementGrid, number: Int)
    /// Tensors that together make a window.
    case batch(rows: Range<Int>)
  }

  /// What a thread found out.
  struct Outcome {
    /// Of parts of tensors, each with the byte at which it begins.
    var checksums: [(row: Int, start: Int, value: Checksum, byteCount: Int)] = []
    /// What conversions lost, by row.
    var losses: [Int: ElementCast.Losses] = [:]

    mutating func add(_ other: Outcome) {
      checksums += other.checksums
      for (row, lost) in other.losses { losses[row, default: .init()].add(lost) }
    }
  }

  let rows: [OutputRow]
  let frame: any OutputFrame
  let file: AtomicFile
  let sums = StorageSums()
  /// The segments of all rows, in order.
  private(set) var sources: [Source] = []
  /// The place in `sources` of each row's first segment.
  private(set) var firstSources: [Int] = []
  private let byteCount: Int
  private let progress: ProgressSum
  private var pieces: [Piece] = []
  /// The boxes that all threads read and write together: of a scattered tensor larger boxes take a third less time.
  private var sharedBoxes: [(source: Int, grid: ElementGrid, number: Int)] = []
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
      firstSources.append(sources.count)
      let isSmall = addSources(row, item.tensor)
      if isSmall {
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
      for source in firstSources[row]..<sources.count { addPieces(source) }
    }
    if let batch { add(batch) }
  }

  /// Adds the segments of a row.
  ///
  /// - Returns: Whether they are so small that they are written together with others.
  private mutating func addSources(_ row: Int, _ tensor: Tensor) -> Bool {
    let segments = tensor.segments
    var start = 0
    var isSmall = tensor.byteCount < Tensor.windowByteCount / 8
    for segment in segments {
      let storage = segment.tensor.storage
      let isStorage =
        segments.count == 1 && segment.cast == nil && tensor.isInPlace
        && tensor.byteRange == 0..<tensor.storage.byteCount
        && segment.tensor.isInPlace && segment.tensor.byteRange == 0..<storage.byteCount
        && storage.computedContents == nil
      sources.append(Source(row: row, start: start, segment: segment, isStorage: isStorage))
      start += segment.byteCount
      isSmall =
        isSmall && storage.packedContents == nil && segment.tensor.extentByteCount <= Tensor.windowByteCount
      if storage.computedContents != nil {
        try? segment.tensor.forEachOrigin { sums.expect($0.storage) }
      } else if !isStorage {
        sums.expect(storage)
      }
    }
    return isSmall
  }

  private mutating func addPieces(_ number: Int) {
    let tensor = sources[number].tensor
    if tensor.storage.packedContents != nil { return pieces.append(.whole(source: number)) }
    guard tensor.isInPlace else {
      let grid = ElementGrid([tensor])
      if grid.count > 1, grid.isScattered {
        let grid = ElementGrid([tensor], isShared: true)
        for box in 0..<grid.count { sharedBoxes.append((number, grid, box)) }
      } else {
        for box in 0..<grid.count { pieces.append(.box(source: number, grid, number: box)) }
      }
      return
    }
    // What is computed may gather from far apart: more at once takes less time, and more memory.
    let window = tensor.storage.computedContents == nil ? Tensor.windowByteCount : 2 * Tensor.windowByteCount
    let step = max(window / max(tensor.elementType.byteCount, sources[number].width), 1)
    for start in stride(from: 0, to: tensor.elementCount, by: step) {
      pieces.append(.part(source: number, elements: start..<min(start + step, tensor.elementCount)))
    }
  }

  private mutating func add(_ batch: Range<Int>) {
    pieces.append(.batch(rows: batch))
    lastRows.append(batch.upperBound - 1)
  }

  /// Writes everything, and checks every storage's CRC-32 that the source file gives.
  ///
  /// - Returns: What conversions lost, by row.
  func run() throws -> [Int: ElementCast.Losses] {
    let (checksums, losses) = try copyRows()
    try requireWholeSources()
    try file.write(frame.head(checksums), at: 0)
    for row in lastRows where row + 1 < rows.count && rows[row + 1].offset > rows[row].end {
      try file.write(frame.gap(after: row, checksums[row]), at: rows[row].end)
    }
    let end = rows.last?.end ?? frame.head(checksums).count
    try file.write(frame.tail(checksums), at: end)
    return losses
  }

  /// Checks that no source became smaller while it was copied.
  private func requireWholeSources() throws(CheckpointError) {
    var checked = Set<ObjectIdentifier>()
    for source in sources {
      try source.tensor.forEachOrigin { origin throws(CheckpointError) in
        guard origin.storage.packedContents == nil else { return }
        let store = try origin.storage.region().store
        if checked.insert(ObjectIdentifier(store)).inserted { try store.requireWhole() }
      }
    }
  }

  /// - Returns: The rows' checksums, and what was lost.
  private func copyRows() throws -> ([Checksum], [Int: ElementCast.Losses]) {
    var outcome = Outcome()
    let memories = try (0..<(byteCount > 4 << 20 ? 2 : 1)).map { _ throws(CheckpointError) in try Memory() }
    if !sharedBoxes.isEmpty {
      let shared = try Scratch()
      for box in sharedBoxes { outcome.add(try copyTogether(box, shared, memories)) }
    }
    outcome.add(
      try forEach(pieces, by: memories) { piece, memory, outcome in
        let (row, count) = try copy(piece, memory, &outcome)
        progress.add(count, rows[row].name)
      })
    outcome.add(Outcome(losses: try hiddenLosses()))
    return (try confirm(outcome.checksums), outcome.losses)
  }

  /// Calls `body` with each item, on as many threads as there are memories: each takes the next item and has a memory of its own.
  func forEach<Item: Sendable>(
    _ items: [Item], by memories: [Memory], _ body: @Sendable (Item, Memory, inout Outcome) throws -> Void
  ) throws -> Outcome {
    let all = Locked(Outcome())
    try concurrentForEach(items.count, threads: memories.count) { place, thread in
      var outcome = Outcome()
      try body(items[place], memories[thread], &outcome)
      all.withLock { $0.add(outcome) }
      try AwaitedWork.check()
    }
    return all.withLock { $0 }
  }

  /// Copies a box, which all threads read into one memory, and then take windows of.
  private func copyTogether(
    _ box: (source: Int, grid: ElementGrid, number: Int), _ shared: Scratch, _ memories: [Memory]
  ) throws -> Outcome {
    let (source, bounds) = (sources[box.source], box.grid[box.number])
    let reader = try BoxReader(source.tensor, box.grid.walks[0], (memories[0].window, shared))
    try reader.enter(bounds, threads: memories.count)
    var windows: [(range: Range<Int>, runs: [ElementGrid.Run])] = []
    box.grid.forEachWindow(bounds, upTo: source.windowCount) { windows.append(($0, $1)) }
    nonisolated(unsafe) let entered = reader
    return try forEach(windows, by: memories) { window, memory, outcome in
      let count = try unsafe entered.withBytes(window.range, by: memory.window) { bytes in
        try unsafe write(bytes, window, of: source, memory, &outcome)
      }
      progress.add(count, rows[source.row].name)
    }
  }

  /// What is lost by conversions before elements of several tensors are put between each other: such elements may be read
  /// more than once, so that they are counted apart.
  private func hiddenLosses() throws -> [Int: ElementCast.Losses] {
    var conversions: [(row: Int, tensor: Tensor, cast: ElementCast)] = []
    for source in sources where source.tensor.storage.computedContents != nil {
      source.tensor.forEachConversion { tensor, cast in
        if !cast.target.holdsAll(of: cast.source) { conversions.append((source.row, tensor, cast)) }
      }
    }
    let lost = try concurrentMap(conversions) { try $0.cast.losses(of: $0.tensor) }
    return zip(conversions, lost).reduce(into: [:]) { $0[$1.0.row, default: .init()].add($1.1) }
  }

  /// Puts the parts' checksums together, and holds each storage's against what its file says: the tensor's own where it
  /// is the whole storage as it lies.
  private func confirm(_ parts: [(row: Int, start: Int, value: Checksum, byteCount: Int)]) throws -> [Checksum] {
    var byRow = [Checksum](repeating: Checksum(), count: rows.count)
    for part in parts.sorted(by: { ($0.row, $0.start) < ($1.row, $1.start) }) {
      byRow[part.row].append(part.value, byteCount: part.byteCount)
    }
    for source in sources where source.isStorage { try source.tensor.storage.confirm(byRow[source.row]) }
    try sums.confirm()
    return byRow
  }
}
