/// Memory for activations: a buffer goes back to the pool when its last reference goes, and the next step takes it from
/// there.
///
/// That plans a model's memory with no planner.
///
/// The pool never holds more than `slack` times what was in use at once; what does not fit is given back to the system,
/// the oldest first. It belongs to one thread.
@safe final class BufferPool {
  @safe private struct Block {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
  }

  /// How much more than the most that was in use at once may be held, so that shapes can change without churn.
  private static let slack = 1.25

  private var free: [Block] = []
  private(set) var byteCountInUse = 0
  private(set) var byteCountHeld = 0
  private(set) var largestByteCountInUse = 0

  deinit { for block in free { unsafe block.start.deallocate() } }

  /// Memory for `byteCount` bytes, at a multiple of 64 and not cleared.
  func take(_ byteCount: Int) -> Buffer {
    let wanted = max(byteCount, 64)
    var best: Int?
    for index in free.indices where free[index].byteCount >= wanted && free[index].byteCount <= 2 * wanted {
      if let place = best, free[place].byteCount <= free[index].byteCount { continue }
      best = index
    }
    let block: Block
    if let best {
      block = free.remove(at: best)
    } else {
      block = allocate(wanted)
    }
    byteCountInUse += block.byteCount
    largestByteCountInUse = max(largestByteCountInUse, byteCountInUse)
    return unsafe Buffer(start: block.start, byteCount: block.byteCount, pool: self)
  }

  private func allocate(_ byteCount: Int) -> Block {
    let limit = Int(Double(max(largestByteCountInUse, byteCountInUse + byteCount)) * Self.slack)
    while byteCountHeld + byteCount > limit, let oldest = free.first {
      unsafe oldest.start.deallocate()
      byteCountHeld -= oldest.byteCount
      free.removeFirst()
    }
    byteCountHeld += byteCount
    return unsafe Block(start: .allocate(byteCount: byteCount, alignment: 64), byteCount: byteCount)
  }

  fileprivate func giveBack(_ start: UnsafeMutableRawPointer, byteCount: Int) {
    byteCountInUse -= byteCount
    unsafe free.append(Block(start: start, byteCount: byteCount))
  }
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
