#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory for activations: a buffer goes back to the pool when its last reference goes, and the next step takes it from
/// there.
///
/// That plans a model's memory with no planner. The pool never holds more than `slack` times what was in use at once:
/// what does not fit is given back to the system, the oldest first. It belongs to one thread.
@safe final class BufferPool {
  @safe private struct Block {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
  }

  /// How much more than the most that was in use at once may be held.
  ///
  /// At 800x1216 a tenth more saves half of the returns to the system that exactly so much would cost, and 15% more
  /// saves few beyond that.
  private static let slack = 1.1

  private var free: [Block] = []
  private(set) var byteCountInUse = 0
  private(set) var byteCountHeld = 0
  private(set) var largestByteCountInUse = 0

  deinit { for block in free { unsafe block.start.deallocate() } }

  /// Memory for `byteCount` bytes, at a multiple of 64 and not cleared.
  func take(_ byteCount: Int) -> Buffer {
    let wanted = max(byteCount, 64)
    let limit = Int(Double(max(largestByteCountInUse, byteCountInUse + wanted)) * Self.slack)
    // A block up to four times as large is taken only where the alternative is to give memory back and ask for it anew.
    let isFull = byteCountHeld + wanted > limit
    let place =
      smallestFree(from: wanted, to: 2 * wanted) ?? (isFull ? smallestFree(from: wanted, to: 4 * wanted) : nil)
    let block = place.map { free.remove(at: $0) } ?? allocate(wanted, limit: limit)
    byteCountInUse += block.byteCount
    largestByteCountInUse = max(largestByteCountInUse, byteCountInUse)
    return unsafe Buffer(start: block.start, byteCount: block.byteCount, pool: self)
  }

  private func smallestFree(from least: Int, to most: Int) -> Int? {
    free.indices.filter { least...most ~= free[$0].byteCount }.min { free[$0].byteCount < free[$1].byteCount }
  }

  private func allocate(_ byteCount: Int, limit: Int) -> Block {
    while byteCountHeld + byteCount > limit, let oldest = free.first {
      unsafe oldest.start.deallocate()
      byteCountHeld -= oldest.byteCount
      free.removeFirst()
    }
    byteCountHeld += byteCount
    return unsafe Block(start: allocated(byteCount), byteCount: byteCount)
  }

  fileprivate func giveBack(_ start: UnsafeMutableRawPointer, byteCount: Int) {
    byteCountInUse -= byteCount
    unsafe free.append(Block(start: start, byteCount: byteCount))
  }
}

/// Memory from the system.
///
/// Large pieces are asked for in huge pages: fewer faults when they are first touched, and fewer misses of the address
/// cache in kernels that stride through them.
private func allocated(_ byteCount: Int) -> UnsafeMutableRawPointer {
  let hugePage = 2 << 20
  if byteCount < 2 * hugePage { return .allocate(byteCount: byteCount, alignment: 64) }
  let start = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: hugePage)
  #if os(Linux)
    unsafe madvise(start, byteCount, MADV_HUGEPAGE)
  #endif
  return unsafe start
}

/// A piece of a pool's memory.
@safe final class Buffer {
  private let start: UnsafeMutableRawPointer
  private let byteCount: Int
  private let pool: BufferPool

  fileprivate init(start: UnsafeMutableRawPointer, byteCount: Int, pool: BufferPool) {
    unsafe self.start = start
    self.byteCount = byteCount
    self.pool = pool
  }

  deinit { unsafe pool.giveBack(start, byteCount: byteCount) }

  /// Where it lies; not to be kept longer than this object.
  var address: UnsafeMutableRawPointer { unsafe start }

  /// The same as numbers.
  var floats: UnsafeMutablePointer<Float> { unsafe start.assumingMemoryBound(to: Float.self) }
}
