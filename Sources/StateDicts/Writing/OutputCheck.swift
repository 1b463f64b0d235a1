/// Reads a written file back and compares it with what its plan says: every byte of every tensor with the tensor's source, and
/// the bytes around them.
struct OutputCheck {
  private let plan: OutputFile
  private let store: ByteStore
  private let path: FilePath

  /// - Throws: `notFound`, `notReadable`.
  init(_ plan: OutputFile, at path: FilePath) throws(CheckpointError) {
    self.plan = plan
    self.path = path
    store = try ByteStore(path: path, .automatic)
  }

  /// The first thing that differs, as an error says it; nil if the file is what was planned.
  ///
  /// - Throws: What reading the source throws: `checksumMismatch`.
  func difference(_ progress: ProgressSum?) throws -> String? {
    guard (plan.rows.last?.end ?? 0) <= store.count else { return "it has only \(store.count) bytes" }
    let compared = try concurrentMap(plan.rows, largestFirst: { $0.tensor.byteCount }) { row in
      try compare(row, progress)
    }
    if let place = compared.firstIndex(where: { !$0.isEqual }) { return "\(plan.rows[place].name) has other values" }
    let sums = compared.map(\.checksum)
    return frameDifference(sums)
  }

  private func compare(
    _ row: OutputRow, _ progress: ProgressSum?
  ) throws -> (isEqual: Bool, checksum: Checksum) {
    var checksum = Checksum()
    var isEqual = true
    var position = row.offset
    try unsafe row.tensor.forEachWindow { window in
      unsafe checksum.update(with: window)
      isEqual = unsafe isEqual && self.isEqual(window, at: position)
      position += window.count
      progress?.add(window.count, row.name)
    }
    return (isEqual && position == row.end, checksum)
  }

  /// Whether the file has these bytes at an offset; their pages are given back.
  private func isEqual(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard offset >= 0, offset <= store.count, bytes.count <= store.count - offset else { return false }
    let range = offset..<offset + bytes.count
    guard (try? store.hold(range)) != nil else { return false }
    defer {
      store.release(range)
      store.drop(range)
    }
    return unsafe store.withUnsafeBytes { all in
      unsafe UnsafeRawBufferPointer(rebasing: all[range]).isEqual(to: bytes)
    }
  }

  private func frameDifference(_ sums: [Checksum]) -> String? {
    var end = 0
    func has(_ bytes: [UInt8], at offset: Int) -> Bool {
      end = offset + bytes.count
      return unsafe bytes.withUnsafeBytes { unsafe isEqual($0, at: offset) }
    }
    guard has(plan.frame.head(sums), at: 0) else { return "its header differs" }
    for (number, row) in plan.rows.enumerated() {
      if number + 1 < plan.rows.count, plan.rows[number + 1].offset > row.end {
        guard has(plan.frame.gap(after: number, sums[number]), at: row.end) else {
          return "the bytes behind \(row.name) differ"
        }
      }
    }
    let last = plan.rows.last?.end ?? end
    guard has(plan.frame.tail(sums), at: last) else { return "its end differs" }
    return end == store.count ? nil : "it has \(store.count) bytes instead of \(end)"
  }
}
