#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the bytes of a file come from that is not mapped.
package protocol ByteSource: Sendable {
  /// Reads as many bytes as the target has.
  ///
  /// - Throws: `inputOutput` if there are fewer.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError)
}

/// The blocks of a file that is not mapped: addresses are reserved for all of it, and a block is read when it is needed.
///
///     addresses   |  block 0  |           |           |  block 3  |     1 and 2 take no memory
///     holds             0          -1          -1           2           0 may be freed, 3 may not
///
/// Blocks that nobody holds are freed when they are more than `idleByteCount`, the oldest first. So memory is bounded, and a
/// file that shrinks meanwhile is an error instead of a signal.
@safe package final class FileBlocks: Sendable {
  package static let blockByteCount = 256 << 10
  /// How many bytes are kept in memory without being held.
  static let idleByteCount = 16 << 20

  private let blockByteCount: Int
  private nonisolated(unsafe) let memory: UnsafeMutableRawBufferPointer
  private let source: any ByteSource
  private let state: Locked<State>

  private struct State {
    /// By block: how many hold it, or -1 if it is not in memory.
    var holds: [Int32]
    /// The blocks that were released, the oldest first: some are held again or freed, some are here twice.
    var released: [Int] = []
    /// The number of blocks in memory that nobody holds.
    var idleCount = 0
    /// The first failure to read.
    var failure: CheckpointError?
  }

  /// Reserves addresses for a file of `byteCount` bytes, at least one.
  ///
  /// The corresponding C function is `mmap`.
  ///
  /// - Throws: `outOfMemory`.
  init(
    _ source: any ByteSource, byteCount: Int, blockByteCount: Int = FileBlocks.blockByteCount
  ) throws(CheckpointError) {
    guard let base = unsafe Self.reserve(nil, byteCount) else { throw CheckpointError.outOfMemory(byteCount) }
    unsafe memory = UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    self.source = source
    self.blockByteCount = blockByteCount
    state = Locked(State(holds: [Int32](repeating: -1, count: (byteCount - 1) / blockByteCount + 1)))
  }

  deinit { unsafe munmap(memory.baseAddress, memory.count) }

  /// The reserved addresses, of which only those that are held may be read.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(memory) }

  /// How many bytes are in memory, counted in whole blocks.
  var residentByteCount: Int { state.withLock { $0.holds.count { $0 >= 0 } * blockByteCount } }

  /// The first failure to read; nil if there was none.
  var failure: CheckpointError? { state.withLock { $0.failure } }

  /// Reserves addresses, in place of what is at `address` if that is given: its memory is freed.
  private static func reserve(_ address: UnsafeMutableRawPointer?, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    #if os(Linux)
      let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    #else
      let flags = MAP_PRIVATE | MAP_ANON
    #endif
    let fixed = unsafe address == nil ? 0 : MAP_FIXED
    let base = unsafe mmap(address, byteCount, PROT_READ | PROT_WRITE, flags | fixed, -1, 0)
    return unsafe base == MAP_FAILED ? nil : base
  }

  /// Reads the blocks of a range that are not in memory, and keeps all of them there until `release`.
  ///
  /// - Throws: `inputOutput`.
  func hold(_ range: Range<Int>) throws(CheckpointError) {
    let blocks = self.blocks(of: range)
    try state.withLock { state throws(CheckpointError) in
      var position = blocks.lowerBound
      while position < blocks.upperBound {
        if state.holds[position] >= 0 {
          if state.holds[position] == 0 { state.idleCount -= 1 }
          state.holds[position] += 1
          position += 1
          continue
        }
        var end = position + 1
        while end < blocks.upperBound, state.holds[end] < 0 { end += 1 }
        do throws(CheckpointError) {
          try unsafe source.read(at: position * blockByteCount, into: window(position..<end))
        } catch {
          state.failure = state.failure ?? error
          release(blocks.lowerBound..<position, &state)
          throw error
        }
        for block in position..<end { state.holds[block] = 1 }
        position = end
      }
    }
  }

  /// Takes back one `hold` of the same range.
  func release(_ range: Range<Int>) {
    state.withLock { release(blocks(of: range), &$0) }
  }

  private func release(_ blocks: Range<Int>, _ state: inout State) {
    let limit = Self.idleByteCount / blockByteCount
    for block in blocks {
      state.holds[block] -= 1
      guard state.holds[block] == 0 else { continue }
      state.idleCount += 1
      state.released.append(block)
    }
    guard state.idleCount > limit else { return }
    // Each was added by a release, so that looking through them costs no more than those did.
    var passed = 0
    while state.idleCount > limit / 2, passed < state.released.count {
      free(state.released[passed], &state)
      passed += 1
    }
    state.released.removeFirst(passed)
  }

  /// Frees the blocks that lie in a range from end to end and that nobody holds.
  func drop(_ range: Range<Int>) {
    let first = (range.lowerBound + blockByteCount - 1) / blockByteCount
    let isToTheEnd = unsafe range.upperBound == memory.count
    let end = (isToTheEnd ? range.upperBound + blockByteCount - 1 : range.upperBound) / blockByteCount
    guard first < end else { return }
    state.withLock { state in
      for block in first..<end { free(block, &state) }
      if state.idleCount == 0 { state.released = [] }
    }
  }

  private func free(_ block: Int, _ state: inout State) {
    guard state.holds[block] == 0 else { return }
    state.holds[block] = -1
    state.idleCount -= 1
    let memory = unsafe window(block..<block + 1)
    _ = unsafe Self.reserve(memory.baseAddress, memory.count)
  }

  /// Reads bytes without keeping them.
  ///
  /// - Throws: `inputOutput`.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    do throws(CheckpointError) {
      try unsafe source.read(at: offset, into: target)
    } catch {
      state.withLock { $0.failure = $0.failure ?? error }
      throw error
    }
  }

  private func blocks(of range: Range<Int>) -> Range<Int> {
    range.isEmpty ? 0..<0 : range.lowerBound / blockByteCount..<(range.upperBound - 1) / blockByteCount + 1
  }

  private func window(_ blocks: Range<Int>) -> UnsafeMutableRawBufferPointer {
    let end = unsafe min(blocks.upperBound * blockByteCount, memory.count)
    return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[blocks.lowerBound * blockByteCount..<end])
  }
}
