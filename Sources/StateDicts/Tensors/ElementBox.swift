/// All elements of a box, copied in C order in an order that suits the caches.
///
/// Where the last dimension's neighbours are neighbours in the source too, rows are copied. Else there is another
/// dimension, `across`, whose neighbours are: the two make planes, each of which is turned in tiles, so that every line
/// of the source is used up while it is in the first-level cache, and the target is written in runs.
///
///     source     across ─▶              target     last ─▶
///          last  a0 b0 c0 d0            across   a0 a1 a2 a3
///            │   a1 b1 c1 d1              │      b0 b1 b2 b3
///            ▼   a2 b2 c2 d2              ▼      c0 c1 c2 c3
struct ElementBox {
  private struct Axis {
    var count: Int
    /// In bytes.
    var source: Int
    var target: Int
  }

  /// Neither of the plane's or rows'.
  private var outer: [Axis] = []
  private var across = Axis(count: 1, source: 0, target: 0)
  private var last: Axis
  private let width: Int

  /// The box of `count` indices of a dimension and all of those after it.
  init(_ walk: ElementWalk, _ first: Int, count: Int) {
    width = walk.elementType.byteCount
    last = Axis(count: 1, source: width, target: width)
    var axes: [Axis] = []
    for axis in first..<walk.shape.count {
      let count = axis == first ? count : walk.shape[axis]
      guard count > 1 else { continue }
      axes.append(Axis(count: count, source: walk.strides[axis] * width, target: walk.targetStrides[axis] * width))
    }
    if let axis = axes.popLast() { last = axis }
    var near = axes.count - 1
    if last.source != width {
      // Of dimensions that repeat elements none is near.
      for place in axes.indices where axes[place].source > 0 {
        if axes[near].source == 0 || axes[place].source < axes[near].source { near = place }
      }
    }
    if near >= 0 { across = axes.remove(at: near) }
    outer = axes
  }

  func copy(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    switch width {
    case 1: unsafe copy(0, source, target, as: UInt8.self)
    case 2: unsafe copy(0, source, target, as: UInt16.self)
    case 4: unsafe copy(0, source, target, as: UInt32.self)
    case 8: unsafe copy(0, source, target, as: UInt64.self)
    default: unsafe copy(0, source, target, as: SIMD2<UInt64>.self)
    }
  }

  private func copy<Element: BitwiseCopyable>(
    _ axis: Int, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, as type: Element.Type
  ) {
    guard axis < outer.count else {
      if last.source == width, last.count * width >= 32 {
        for row in 0..<across.count {
          unsafe (target + row * across.target).copyMemory(
            from: source + row * across.source, byteCount: last.count * width)
        }
      } else if last.count * width < 64 || across.count < 4 {
        unsafe plane(0..<across.count, 0..<last.count, source, target, as: type)
      } else {
        unsafe tiles(source, target, as: type)
      }
      return
    }
    for index in 0..<outer[axis].count {
      unsafe copy(axis + 1, source + index * outer[axis].source, target + index * outer[axis].target, as: type)
    }
  }

  /// Elements one by one.
  @inline(__always)
  private func plane<Element: BitwiseCopyable>(
    _ rows: Range<Int>, _ columns: Range<Int>, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
    as _: Element.Type
  ) {
    for row in rows {
      let from = unsafe source + row &* across.source
      let to = unsafe target + row &* across.target
      for column in columns {
        let value = unsafe from.loadUnaligned(fromByteOffset: column &* last.source, as: Element.self)
        unsafe to.storeBytes(of: value, toByteOffset: column &* MemoryLayout<Element>.size, as: Element.self)
      }
    }
  }

  /// How many columns a tile has, and how many of them lie in a second-level cache with the lines of the source that
  /// they are taken from.
  private static let tileCount = 32
  private static let blockCount = 512

  /// Tiles as wide as a cache line, one after another down the block that is in the second-level cache.
  private func tiles<Element: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, as type: Element.Type
  ) {
    let isPacked = across.source == width && width <= 4
    let line = max(64 / width, 4)
    for block in stride(from: 0, to: last.count, by: Self.blockCount) {
      let blockEnd = min(block + Self.blockCount, last.count)
      for row in stride(from: 0, to: across.count, by: line) {
        let rows = row..<min(row + line, across.count)
        for column in stride(from: block, to: blockEnd, by: Self.tileCount) {
          let columns = column..<min(column + Self.tileCount, blockEnd)
          if isPacked {
            unsafe squares(rows, columns, source, target, as: type)
          } else {
            unsafe plane(rows, columns, source, target, as: type)
          }
        }
      }
    }
  }

  /// Squares of as many elements each way as a word has, turned in words; what is left over one by one.
  private func squares<Element: BitwiseCopyable>(
    _ rows: Range<Int>, _ columns: Range<Int>, _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
    as type: Element.Type
  ) {
    let side = 16 / MemoryLayout<Element>.size
    let wholeRows = rows.lowerBound..<rows.lowerBound + rows.count / side * side
    let wholeColumns = columns.lowerBound..<columns.lowerBound + columns.count / side * side
    for row in stride(from: wholeRows.lowerBound, to: wholeRows.upperBound, by: side) {
      for column in stride(from: wholeColumns.lowerBound, to: wholeColumns.upperBound, by: side) {
        let from = unsafe source + (row &* width &+ column &* last.source)
        let to = unsafe target + (row &* across.target &+ column &* width)
        unsafe Self.turnSquare(from, last.source, to, across.target, as: type)
      }
    }
    unsafe plane(wholeRows, wholeColumns.upperBound..<columns.upperBound, source, target, as: type)
    unsafe plane(wholeRows.upperBound..<rows.upperBound, columns, source, target, as: type)
  }
}
