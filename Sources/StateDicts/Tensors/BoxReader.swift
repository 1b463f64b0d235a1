/// Reads a tensor's elements box by box, by one thread.
///
/// A box whose elements lie close together is read where it lies, and its memory is given back. Of others each piece is
/// read from the file into memory first.
final class BoxReader {
  /// Nil where bytes are computed.
  private let store: ByteStore?
  private let base: Int
  private let computed: (any ComputedContents)?
  private let walk: ElementWalk
  private let storage: Storage
  private let memory: Scratch
  private let window: Scratch
  /// From how long a piece on it is cheaper to map it than to copy it.
  private static let mappedByteCount = 64 << 10
  /// The walk over the present box, from the bytes that follow.
  private var local: ElementWalk
  private var source: (store: ByteStore, base: Int)?
  private var pages: Range<Int>?

  /// - Parameter scratch: memory to gather windows and to read pieces into.
  init(
    _ tensor: Tensor, _ walk: ElementWalk, _ scratch: (window: Scratch, pieces: Scratch)? = nil
  ) throws {
    (window, memory) = try scratch ?? (Scratch(), Scratch())
    storage = tensor.storage
    computed = tensor.storage.computedContents
    if computed == nil {
      let region = try tensor.storage.region()
      (store, base) = (region.store, region.offset)
    } else {
      (store, base) = (nil, 0)
    }
    self.walk = walk
    local = walk
  }

  deinit { leave() }

  /// Goes to a box.
  ///
  /// - Parameter threads: How many threads read the pieces.
  /// - Returns: the bytes of the storage that hold it, where they are few enough to be read from first to last.
  @discardableResult
  func enter(_ box: ElementGrid.Box, threads: Int = 1) throws -> Range<Int> {
    leave()
    let width = walk.elementType.byteCount
    let first = walk.offset + zip(box.start, walk.strides).reduce(0) { $0 + $1.0 * $1.1 }
    let pieces = ElementPieces(walk, box.shape)
    let extent = first * width..<first * width + walk.extentByteCount(of: box.shape)
    let isClose = extent.count <= pieces.byteCount
    if let store, isClose || !store.isFile || store.isMapped && pieces.span * width >= Self.mappedByteCount {
      local = walk.moved(shape: box.shape, strides: walk.strides, offset: first)
      source = (store, base)
      let bytes = base + extent.lowerBound..<base + extent.upperBound
      try store.hold(bytes)
      pages = bytes
      return isClose ? extent : 0..<0
    }
    try unsafe memory.withBytes(count: pieces.byteCount) { target in
      nonisolated(unsafe) let target = unsafe target
      let (store, base, computed) = (store, base, computed)
      try concurrentForEach(threads, threads: threads) { share, _ in
        let numbers = pieces.count * share / threads..<pieces.count * (share + 1) / threads
        try unsafe Self.read(numbers, of: pieces, at: first, width, from: (store, base, computed), into: target)
      }
    }
    local = walk.moved(shape: box.shape, strides: pieces.strides, offset: 0)
    source = nil
    return 0..<0
  }

  private static func read(
    _ numbers: Range<Int>, of pieces: ElementPieces, at first: Int, _ width: Int,
    from source: (store: ByteStore?, base: Int, computed: (any ComputedContents)?),
    into target: UnsafeMutableRawBufferPointer
  ) throws {
    let (count, pitch) = (pieces.span * width, pieces.pitch * width)
    for number in numbers {
      // Of the dimensions between pieces the first runs fastest.
      var (place, rest) = (first, number)
      for (_, count, stride) in pieces.outer {
        place += rest % count * stride
        rest /= count
      }
      let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: target[number * pitch..<number * pitch + count])
      if let computed = source.computed { try unsafe computed.read(place * width..<place * width + count, into: piece) }
      try unsafe source.store?.read(at: source.base + place * width, into: piece)
    }
  }

  /// Gives back what the present box was read from.
  func leave() {
    if let pages {
      store?.release(pages)
      if store?.isMapped == true { store?.pass(pages) }
    }
    pages = nil
  }

  /// Calls `body` with the bytes of a range of the box's elements, in C order.
  ///
  /// - Parameter scratch: memory to gather them into, the reader's own if nil.
  func withBytes<Result>(
    _ range: Range<Int>, by scratch: Scratch? = nil, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try unsafe withSource { source in
      let width = local.elementType.byteCount
      if local.isInPlace {
        let start = (local.offset + range.lowerBound) * width
        return try unsafe body(UnsafeRawBufferPointer(rebasing: source[start..<start + range.count * width]))
      }
      return try unsafe (scratch ?? window).withBytes(count: range.count * width) { target in
        unsafe local.copy(range, from: source, to: target)
        return try unsafe body(UnsafeRawBufferPointer(target))
      }
    }
  }

  /// Gathers a range of the present box's elements into memory of the caller's.
  func copy(_ range: Range<Int>, to target: UnsafeMutableRawBufferPointer) throws {
    try unsafe withSource { source in unsafe local.copy(range, from: source, to: target) }
  }

  private func withSource<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    guard let source else { return try unsafe body(memory.bytes) }
    return try unsafe source.store.withUnsafeBytes { all in
      try unsafe body(UnsafeRawBufferPointer(rebasing: all[source.base..<source.base + storage.byteCount]))
    }
  }
}
