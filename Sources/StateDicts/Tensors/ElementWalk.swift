/// The walk over a tensor's elements in C order, wherever they lie: the one place where strides become addresses.
///
/// The geometry was checked against its storage when the tensor was made, so that every address lies inside it.
struct ElementWalk {
  /// As few dimensions as it takes.
  let shape: [Int]
  let strides: [Int]
  /// The first element's place, in elements.
  let offset: Int
  let elementType: ElementType
  private let isSwapped: Bool
  private let operations: Tensor.PendingOperations
  /// The strides of the result, which is in C order; the first says how many elements one index of `shape[0]` has.
  let targetStrides: [Int]

  init(_ tensor: Tensor) {
    let (shape, strides) = tensor.geometry.joined
    self.init(tensor, shape: shape, strides: strides)
  }

  /// How many bytes lie from the first to the last element of a box.
  func extentByteCount(of box: [Int]) -> Int {
    zip(box, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 } * elementType.byteCount
  }

  /// The walk over a tensor by a shape and strides that say the same as its own.
  init(_ tensor: Tensor, shape: [Int], strides: [Int]) {
    self.init(
      shape: shape, strides: strides, offset: tensor.geometry.offset, elementType: tensor.elementType,
      isSwapped: tensor.storage.byteOrder == .big && tensor.elementType.swapByteCount > 1,
      operations: tensor.pendingOperations)
  }

  private init(
    shape: [Int], strides: [Int], offset: Int, elementType: ElementType, isSwapped: Bool,
    operations: Tensor.PendingOperations
  ) {
    (self.shape, self.strides, self.offset) = (shape, strides, offset)
    (self.elementType, self.isSwapped, self.operations) = (elementType, isSwapped, operations)
    targetStrides = TensorGeometry.contiguousStrides(shape)
  }

  /// Returns a walk over elements of the same kind with another shape, strides and offset.
  func moved(shape: [Int], strides: [Int], offset: Int) -> ElementWalk {
    let joined = TensorGeometry.joined(shape, [strides])
    return ElementWalk(
      shape: joined.shape, strides: joined.strides[0], offset: offset, elementType: elementType, isSwapped: isSwapped,
      operations: operations)
  }

  /// Whether the elements' bytes are the result as they lie.
  var isInPlace: Bool { !isSwapped && operations.isEmpty && strides == targetStrides }

  /// Copies the elements of a range, counted in C order, from the storage's bytes.
  func copy(_ range: Range<Int>, from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    guard !range.isEmpty, let source = source.baseAddress, let start = target.baseAddress else { return }
    unsafe copy(0, range, source + offset * elementType.byteCount, start)
    if isSwapped { unsafe swap(target) }
    if !operations.isEmpty { unsafe changeSigns(target) }
  }

  /// Copies a range of what one index of the dimensions before `axis` has: whole boxes, with what is cut off at both
  /// ends.
  private func copy(
    _ axis: Int, _ range: Range<Int>, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer
  ) {
    let width = elementType.byteCount
    guard axis < shape.count else { return unsafe target.copyMemory(from: source, byteCount: width) }
    let inner = targetStrides[axis]
    var position = range.lowerBound
    func advance(to end: Int, _ isWhole: Bool) {
      guard position < end else { return }
      let index = position / inner
      let from = unsafe source + index * strides[axis] * width
      let to = unsafe target + (position - range.lowerBound) * width
      if isWhole {
        unsafe ElementBox(self, axis, count: (end - position) / inner).copy(from: from, to: to)
      } else {
        unsafe copy(axis + 1, position - index * inner..<end - index * inner, from, to)
      }
      position = end
    }
    let firstWhole = (range.lowerBound + inner - 1) / inner * inner
    let lastWhole = range.upperBound / inner * inner
    if firstWhole > lastWhole { return advance(to: range.upperBound, false) }
    advance(to: firstWhole, false)
    advance(to: lastWhole, true)
    advance(to: range.upperBound, false)
  }

  private func swap(_ bytes: UnsafeMutableRawBufferPointer) {
    switch elementType.swapByteCount {
    case 2: unsafe update(bytes, as: UInt16.self) { value, _ in value.byteSwapped }
    case 4: unsafe update(bytes, as: UInt32.self) { value, _ in value.byteSwapped }
    default: unsafe update(bytes, as: UInt64.self) { value, _ in value.byteSwapped }
    }
  }

  /// Sign bits for floating-point parts, two's complement for integers (`torch._neg_view` takes any dtype).
  private func changeSigns(_ bytes: UnsafeMutableRawBufferPointer) {
    let real = operations.contains(.negate)
    let imaginary = operations.contains(.conjugate) != real
    let isInteger = !elementType.isComplex && !elementType.isFloatingPoint
    func change<Part: FixedWidthInteger>(_: Part.Type) {
      unsafe update(bytes, as: Part.self) { value, position in
        if isInteger { return real ? 0 &- value : value }
        let isChanged = elementType.isComplex && position % 2 == 1 ? imaginary : real
        return isChanged ? value ^ (1 << (Part.bitWidth - 1)) : value
      }
    }
    switch elementType.swapByteCount {
    case 1: change(UInt8.self)
    case 2: change(UInt16.self)
    case 4: change(UInt32.self)
    default: change(UInt64.self)
    }
  }

  private func update<Part: FixedWidthInteger>(
    _ bytes: UnsafeMutableRawBufferPointer, as _: Part.Type, _ change: (Part, Int) -> Part
  ) {
    let width = MemoryLayout<Part>.size
    for position in 0..<bytes.count / width {
      let value = unsafe bytes.loadUnaligned(fromByteOffset: position * width, as: Part.self)
      unsafe bytes.storeBytes(of: change(value, position), toByteOffset: position * width, as: Part.self)
    }
  }
}
