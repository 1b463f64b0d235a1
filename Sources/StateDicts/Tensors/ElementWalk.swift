/// The walk over a tensor's elements in C order, wherever they lie: the one place where strides become addresses.
///
/// The geometry was checked against its storage when the tensor was made, so that every address lies inside it.
struct ElementWalk {
  private let shape: [Int]
  private let strides: [Int]
  private let offset: Int
  private let elementType: ElementType
  private let isSwapped: Bool
  private let operations: Tensor.PendingOperations

  init(_ tensor: Tensor) {
    (shape, strides) = tensor.geometry.joined
    offset = tensor.geometry.offset
    elementType = tensor.elementType
    isSwapped = tensor.storage.byteOrder == .big && tensor.elementType.swapByteCount > 1
    operations = tensor.pendingOperations
  }

  /// Copies the elements of a range, counted in C order, from the storage's bytes.
  func copy(_ range: Range<Int>, from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    guard !range.isEmpty else { return }
    switch elementType.byteCount {
    case 1: unsafe copy(range, from: source, to: target, as: UInt8.self)
    case 2: unsafe copy(range, from: source, to: target, as: UInt16.self)
    case 4: unsafe copy(range, from: source, to: target, as: UInt32.self)
    case 8: unsafe copy(range, from: source, to: target, as: UInt64.self)
    default: unsafe copy(range, from: source, to: target, as: SIMD2<UInt64>.self)
    }
    if isSwapped { unsafe swap(target) }
    if !operations.isEmpty { unsafe changeSigns(target) }
  }

  /// Rows of the innermost dimension, one after another; the outer dimensions turn like an odometer.
  private func copy<Element: BitwiseCopyable>(
    _ range: Range<Int>, from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer,
    as _: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    let rowLength = shape.last ?? 1
    let step = strides.last ?? 1
    var index = [Int](repeating: 0, count: max(shape.count - 1, 0))
    var row = range.lowerBound / rowLength
    for dimension in index.indices.reversed() {
      index[dimension] = row % shape[dimension]
      row /= shape[dimension]
    }
    var column = range.lowerBound % rowLength
    var written = 0
    let count = range.count
    while written < count {
      var start = offset + column * step
      for dimension in index.indices { start += index[dimension] * strides[dimension] }
      let length = min(rowLength - column, count - written)
      if step == 1 {
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[written * width..<(written + length) * width])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start * width..<(start + length) * width]))
      } else {
        for element in 0..<length {
          let value = unsafe source.loadUnaligned(fromByteOffset: (start + element * step) * width, as: Element.self)
          unsafe target.storeBytes(of: value, toByteOffset: (written + element) * width, as: Element.self)
        }
      }
      written += length
      column = 0
      for dimension in index.indices.reversed() {
        index[dimension] += 1
        if index[dimension] < shape[dimension] { break }
        index[dimension] = 0
      }
    }
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
