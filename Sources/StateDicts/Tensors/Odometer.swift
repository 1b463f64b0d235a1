/// The indices of a shape, one after another in C order: the last dimension runs fastest.
struct Odometer {
  private let shape: [Int]
  private(set) var index: [Int]

  /// Begins at the first index; no size may be 0.
  init(_ shape: [Int]) {
    self.shape = shape
    index = [Int](repeating: 0, count: shape.count)
  }

  /// The place that the index has by strides, which may be more than the dimensions.
  func place(_ strides: [Int]) -> Int { zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } }

  /// Goes to the next index; behind the last comes the first.
  mutating func advance() {
    for axis in index.indices.reversed() {
      index[axis] += 1
      if index[axis] < shape[axis] { return }
      index[axis] = 0
    }
  }
}
