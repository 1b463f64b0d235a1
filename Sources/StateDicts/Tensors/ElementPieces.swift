/// The pieces of a source that a box is read in: as many dimensions as lie close together make one piece, gaps
/// included.
struct ElementPieces {
  /// Bytes that are sooner read along than passed over.
  private static let gap = 256
  /// The elements of one piece.
  private(set) var span = 1
  /// How far apart pieces are put.
  let pitch: Int
  /// How many pieces, and how far apart, by dimension.
  private(set) var outer: [(axis: Int, count: Int, stride: Int)] = []
  /// Where the elements lie once the pieces follow one another.
  private(set) var strides: [Int]
  /// Whether pieces are so short that reading them takes longer than all else.
  let isScattered: Bool
  /// How many pieces there are.
  let count: Int
  /// What they take together; very much where that cannot be said.
  let byteCount: Int

  init(_ walk: ElementWalk, _ box: [Int]) {
    strides = walk.strides
    let axes = box.indices.filter { box[$0] > 1 && walk.strides[$0] > 0 }.sorted { walk.strides[$0] < walk.strides[$1] }
    for axis in axes {
      if outer.isEmpty, walk.strides[axis] <= span + span / 4 + Self.gap / walk.elementType.byteCount {
        span += (box[axis] - 1) * walk.strides[axis]
      } else {
        outer.append((axis, box[axis], walk.strides[axis]))
      }
    }
    // Between pieces of a power of two a cache line is left free: else many would share few places in the cache.
    pitch = outer.isEmpty ? span : span + max(64 / walk.elementType.byteCount, 1)
    var (next, isTooLarge) = pitch.multipliedReportingOverflow(by: walk.elementType.byteCount)
    var count = 1
    for (axis, size, _) in outer {
      strides[axis] = pitch.multipliedReportingOverflow(by: count).partialValue
      let (product, overflow) = next.multipliedReportingOverflow(by: size)
      isTooLarge = isTooLarge || overflow
      (next, count) = (product, count.multipliedReportingOverflow(by: size).partialValue)
    }
    self.count = count
    isScattered = count > 1 && span * walk.elementType.byteCount < Self.gap
    byteCount = isTooLarge ? .max : next
  }
}
