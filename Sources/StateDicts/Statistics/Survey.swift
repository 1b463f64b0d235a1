/// The reading of one tensor for its statistics, in parts that threads take as they come.
///
/// Types of up to 16 bits are counted by their bit patterns: one addition an element, and every figure follows from
/// the counts. Other numbers are summed up as they pass, and counted by their leading bits for the histogram.
///
/// What parts give is put together in their order, so that figures don't depend on which thread was first.
final class Survey: Sendable {
  private struct State {
    /// How many parts are missing.
    var missing: Int
    var sums: [NumberSums]
    var counts: [UInt64] = []
    var statistics = TensorStatistics()
  }

  private let tensor: Tensor
  private let grid: ElementGrid?
  private let form: NumberForm
  private let state: Locked<State>
  let partCount: Int

  init(_ tensor: Tensor) throws {
    self.tensor = tensor.elementType.elementsPerByte > 1 ? tensor.packedBytes() : tensor
    form = NumberForm(tensor.elementType, count: tensor.elementCount)
    try tensor.requireNoExpansion()
    // What must be unpacked is read by one thread, from first to last.
    grid = tensor.storage.packedContents == nil && tensor.elementCount > 0 ? ElementGrid([self.tensor]) : nil
    partCount = tensor.elementCount == 0 ? 0 : grid?.count ?? 1
    state = Locked(State(missing: partCount, sums: [NumberSums](repeating: NumberSums(), count: partCount)))
  }

  var statistics: TensorStatistics { state.withLock { $0.statistics } }

  func expectSums(_ sums: StorageSums) {
    if grid != nil, tensor.storage.origin.checksOnUse, tensor.coversStorage { sums.expect(tensor.storage) }
  }

  /// Reads a part.
  ///
  /// - Returns: its size in bytes.
  func read(_ part: Int, _ storageSums: StorageSums) throws -> Int {
    var sums = NumberSums()
    var counts = [UInt32](repeating: 0, count: form.countsCount)
    var byteCount = 0
    func handOver() {
      state.withLock { state in
        if state.counts.isEmpty { state.counts = [UInt64](repeating: 0, count: counts.count) }
        for place in counts.indices where counts[place] > 0 {
          state.counts[place] += UInt64(counts[place])
          counts[place] = 0
        }
      }
    }
    func add(_ window: UnsafeRawBufferPointer) {
      unsafe form.add(window, &sums, &counts)
      byteCount += window.count
      // Before a count can overflow.
      if byteCount % (1 << 30) < window.count { handOver() }
    }
    if let grid {
      let reader = try BoxReader(tensor, grid.walks[0])
      let box = grid[part]
      try storageSums.enter(reader, box, of: tensor)
      try grid.forEachWindow(box, upTo: Tensor.windowByteCount / 4 / tensor.elementType.byteCount) { range, _ in
        try unsafe reader.withBytes(range) { unsafe add($0) }
      }
    } else {
      try unsafe tensor.forEachWindow { unsafe add($0) }
    }
    handOver()
    state.withLock { state in
      state.sums[part] = sums
      state.missing -= 1
      if state.missing == 0 {
        state.statistics = form.statistics(state.sums, state.counts)
        (state.sums, state.counts) = ([], [])
      }
    }
    return byteCount
  }
}
