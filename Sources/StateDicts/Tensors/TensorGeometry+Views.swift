/// Views of a view: geometry only, no element moves.
extension TensorGeometry {
  /// Returns the geometry with its dimensions in another order; `axes` names each dimension once.
  package func permuted(_ axes: [Int]) -> TensorGeometry {
    TensorGeometry(
      view: axes.map { shape[$0] }, strides: axes.map { strides[$0] }, offset: offset, elementCount: elementCount)
  }

  /// Returns the geometry of a box: `start` and `size` are inside the shape.
  package func narrowed(start: [Int], size: [Int]) -> TensorGeometry {
    let count = size.contains(0) ? 0 : size.reduce(1, *)
    let first = count == 0 ? 0 : zip(start, strides).reduce(offset) { $0 + $1.0 * $1.1 }
    return TensorGeometry(view: size, strides: strides, offset: first, elementCount: count)
  }

  /// Returns the geometry of a range of one dimension.
  package func narrowed(_ axis: Int, _ range: Range<Int>) -> TensorGeometry {
    var (start, size) = ([Int](repeating: 0, count: shape.count), shape)
    (start[axis], size[axis]) = (range.lowerBound, range.count)
    return narrowed(start: start, size: size)
  }

  /// Returns the geometry of every `step`th element of one dimension, beginning with the first.
  package func strided(_ axis: Int, by step: Int) -> TensorGeometry {
    var (shape, strides) = (shape, strides)
    if shape[axis] > step {
      // The second of these elements is inside the tensor, so the product is in bounds.
      strides[axis] *= step
    }
    let size = shape[axis]
    shape[axis] = size == 0 ? 0 : (size - 1) / step + 1
    let count = size == 0 || elementCount == 0 ? 0 : elementCount / size * shape[axis]
    return TensorGeometry(view: shape, strides: strides, offset: offset, elementCount: count)
  }

  /// Returns the geometry without a dimension of size 1.
  package func removing(_ axis: Int) -> TensorGeometry {
    var (shape, strides) = (shape, strides)
    shape.remove(at: axis)
    strides.remove(at: axis)
    return TensorGeometry(view: shape, strides: strides, offset: offset, elementCount: elementCount)
  }

  /// Returns the geometry with a dimension of size 1 added.
  package func inserting(_ axis: Int) -> TensorGeometry {
    var (shape, strides) = (shape, strides)
    strides.insert(axis < shape.count ? max(shape[axis], 1) &* max(strides[axis], 1) : 1, at: axis)
    shape.insert(1, at: axis)
    return TensorGeometry(view: shape, strides: strides, offset: offset, elementCount: elementCount)
  }

  /// Returns the geometry with another shape of as many elements in the same C order; nil if no strides can express it.
  ///
  /// Source: `computeStride_impl` in torch's `aten/src/ATen/TensorUtils.cpp`.
  package func reshaped(_ target: [Int]) -> TensorGeometry? {
    if elementCount == 0 {
      return TensorGeometry(view: target, strides: Self.contiguousStrides(target), offset: offset, elementCount: 0)
    }
    let (sizes, steps) = joined
    var strides = [Int](repeating: 1, count: target.count)
    var axis = target.count - 1
    // Each joined dimension is cut into the dimensions of the target that it is made of.
    for (size, step) in zip(sizes, steps).reversed() {
      var count = 1
      while axis >= 0, count < size || target[axis] == 1 {
        strides[axis] = step * count
        count *= target[axis]
        axis -= 1
      }
      guard count == size else { return nil }
    }
    while axis >= 0, target[axis] == 1 { axis -= 1 }
    guard axis < 0 else { return nil }
    return TensorGeometry(view: target, strides: strides, offset: offset, elementCount: elementCount)
  }

  /// Calls `body` with the boxes that a range of elements in C order is made of: each is one run of elements itself.
  ///
  ///     elements 5..<18 of [4, 6]:   [0, 5] of [1, 1],  [1, 0] of [2, 6]
  static func forEachBox(
    _ range: Range<Int>, of shape: [Int], _ body: (_ start: [Int], _ size: [Int], _ elements: Range<Int>) throws -> Void
  ) rethrows {
    guard !range.isEmpty else { return }
    let counts = contiguousStrides(shape)
    var position = range.lowerBound
    while position < range.upperBound {
      let left = range.upperBound - position
      // The outermost dimension along which whole steps begin here and fit.
      let axis = counts.firstIndex { position % $0 == 0 && $0 <= left } ?? shape.count
      guard axis < shape.count else { return try body([], [], range) }
      let index = position / counts[axis] % shape[axis]
      let steps = min(left / counts[axis], shape[axis] - index)
      var (start, size) = ([Int](repeating: 0, count: shape.count), shape)
      for outer in 0..<axis { (start[outer], size[outer]) = (position / counts[outer] % shape[outer], 1) }
      (start[axis], size[axis]) = (index, steps)
      let end = position + steps * counts[axis]
      try body(start, size, position..<end)
      position = end
    }
  }
}
