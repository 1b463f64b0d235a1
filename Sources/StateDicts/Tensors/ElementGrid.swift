/// Boxes that tensors of one shape are cut into, so that what each box needs of every tensor fits a few megabytes.
///
/// A box is as long in the source's direction as reading a piece is worth, and as long in the target's as fits: so a
/// transposed matrix of 16384 rows goes in strips of 256 columns of its source, each of which makes 256 whole rows.
struct ElementGrid {
  /// One part of all tensors.
  struct Box {
    let start: [Int]
    let shape: [Int]
  }

  let shape: [Int]
  /// One walk a tensor.
  let walks: [ElementWalk]
  /// The size of a box that is not cut off at an end.
  private let box: [Int]
  private let counts: [Int]

  /// How much of a source a box takes, pieces between what is needed included.
  static let boxByteCount = 12 << 20
  /// The size from which a piece is read separately.
  private static let pieceByteCount = 2 << 10

  /// - Parameters:
  ///   - isInOrder: whether every box is one range of elements in C order, from first to last.
  ///   - isShared: whether two threads have one box: then it is three times as large, in longer pieces.
  init(_ tensors: [Tensor], isInOrder: Bool = false, isShared: Bool = false) {
    let joined = TensorGeometry.joined(tensors.first?.shape ?? [], tensors.map(\.strides))
    let shape = joined.shape
    let walks = zip(tensors, joined.strides).map { ElementWalk($0, shape: shape, strides: $1) }
    self.shape = shape
    self.walks = walks
    var box = [Int](repeating: 1, count: shape.count)
    var budget = isShared ? 3 * Self.boxByteCount : Self.boxByteCount
    func fits(_ box: [Int]) -> Bool {
      walks.allSatisfy { ElementPieces($0, box).byteCount <= budget }
    }
    // Most tensors are one box.
    let whole = shape.map { max($0, 1) }
    guard !fits(whole) else {
      self.box = whole
      counts = whole.map { _ in 1 }
      return
    }
    /// Makes the box longer in one dimension, as far as it fits, and says whether it has all of it.
    func grow(_ axis: Int, upTo limit: Int) -> Bool {
      let limit = min(limit, shape[axis])
      var whole = box
      whole[axis] = limit
      var (low, high) = (fits(whole) ? limit : box[axis], limit)
      while low < high {
        let middle = low + (high - low + 1) / 2
        var tried = box
        tried[axis] = middle
        if fits(tried) { low = middle } else { high = middle - 1 }
      }
      box[axis] = max(low, box[axis])
      return box[axis] == shape[axis]
    }
    if !isInOrder, let walk = walks.first(where: { !$0.isInPlace }) ?? walks.first {
      let byteCount = isShared ? 2 * Self.pieceByteCount : Self.pieceByteCount
      let pieceCount = max(byteCount / walk.elementType.byteCount, 1)
      let order = shape.indices.filter { walk.strides[$0] > 0 }.sorted { walk.strides[$0] < walk.strides[$1] }
      var count = 1
      for axis in order {
        guard count < pieceCount, grow(axis, upTo: (pieceCount + count - 1) / count) else { break }
        count *= box[axis]
      }
    }
    func growRows() { for axis in shape.indices.reversed() where !grow(axis, upTo: shape[axis]) { break } }
    growRows()
    // In order, a box of very long rows has few of each piece: then more memory is taken, up to what saves time.
    while isInOrder, budget < Self.boxByteCount << 4, walks.contains(where: { ElementPieces($0, box).isScattered }) {
      budget *= 2
      growRows()
    }
    self.box = box
    counts = zip(shape, box).map { ($0 + $1 - 1) / $1 }
  }

  /// Whether what a box needs of the first tensor lies far apart, so that it is read in pieces.
  var isScattered: Bool {
    guard let walk = walks.first else { return false }
    let pieces = ElementPieces(walk, box)
    return walk.extentByteCount(of: box) > pieces.byteCount
  }

  /// How many boxes there are.
  var count: Int { shape.contains(0) ? 0 : counts.reduce(1, *) }

  /// A box by its number, in C order.
  subscript(number: Int) -> Box {
    var rest = number
    var start = shape
    var size = shape
    for axis in shape.indices.reversed() {
      start[axis] = rest % counts[axis] * box[axis]
      rest /= counts[axis]
      size[axis] = min(box[axis], shape[axis] - start[axis])
    }
    return Box(start: start, shape: size)
  }

  /// Elements of a box that follow one another in the whole tensor too.
  struct Run {
    /// Counted in the box's C order.
    let range: Range<Int>
    /// The place of the first in the whole tensor.
    let place: Int
  }

  /// Calls `body` with ranges of a box's elements, in its C order, of at most about `limit` elements, and with the runs
  /// that a range is made of.
  ///
  /// Many short runs come together: they are gathered together, for what one needs of the source has the others' too.
  func forEachWindow(
    _ box: Box, upTo limit: Int, _ body: (_ range: Range<Int>, _ runs: [Run]) throws -> Void
  ) rethrows {
    let strides = TensorGeometry.contiguousStrides(shape)
    let boxStrides = TensorGeometry.contiguousStrides(box.shape)
    // From here on all dimensions are whole.
    var axis = shape.count - 1
    while axis > 0, box.shape[axis] == shape[axis] { axis -= 1 }
    let run = max(axis < 0 ? 1 : boxStrides[axis] * box.shape[axis], 1)
    let total = box.shape.reduce(1, *)
    let step = run < limit ? limit / run * run : limit
    var start = 0
    while start < total {
      let end = min(start + step, run < limit ? total : (start / run + 1) * run)
      let runs = stride(from: start, to: end, by: run).map { first in
        let place = shape.indices.reduce(0) { place, axis in
          place + (box.start[axis] + first / boxStrides[axis] % box.shape[axis]) * strides[axis]
        }
        return Run(range: first..<min(first + run, end), place: place)
      }
      try body(start..<end, runs)
      start = end
    }
  }
}
