import StateDicts
import VisionModels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory for activations and for weights: a buffer goes back to the pool when its last reference goes, and the next
/// step takes it from there.
///
/// That plans a model's memory with no planner. The pool is one range of addresses, reserved at once and used from its
/// start: a buffer lies in the first gap that holds it, and gaps that meet become one. So a page is touched for the
/// first time only while a run reaches further than every run before it; with one block of the system's for each
/// buffer, clearing fresh pages took a sixth of all time. It belongs to one thread.
@safe final class BufferPool {
  private let start: UnsafeMutableRawPointer
  private let reservedByteCount: Int
  /// The gaps, by address; no two meet.
  private var gaps: [Range<Int>]
  private(set) var byteCountInUse = 0
  private(set) var largestByteCountInUse = 0

  /// Reserves as many addresses as the process can have memory; where addresses are limited (`ulimit -v`), a quarter of what
  /// the system would grant, since all else in the process needs some too.
  init() throws(VisionError) {
    func isGranted(_ byteCount: Int) -> Bool {
      guard let start = unsafe reserved(byteCount) else { return false }
      unsafe munmap(start, byteCount)
      return true
    }
    var byteCount = MachineMemory.byteCount
    if !isGranted(byteCount) {
      while byteCount >= Self.smallestReservation, !isGranted(byteCount) { byteCount /= 2 }
      byteCount = max(byteCount / 4, Self.smallestReservation)
    }
    guard let start = unsafe reserved(byteCount) else { throw VisionError(.outOfMemory, "No memory for activations.") }
    unsafe self.start = start
    reservedByteCount = byteCount
    gaps = [0..<byteCount]
  }

  deinit { unsafe munmap(start, reservedByteCount) }

  private static let smallestReservation = 64 << 20
  /// A multiple of a cache line, which is as wide as the widest vector.
  private static let alignment = 64

  /// Memory for `byteCount` bytes, at a multiple of 64 and not cleared.
  func take(_ byteCount: Int) throws(VisionError) -> Buffer {
    let wanted = max(byteCount, 1).plus(Self.alignment - 1).map { $0 / Self.alignment * Self.alignment }
    guard let wanted, let place = gaps.firstIndex(where: { $0.count >= wanted }) else {
      throw VisionError(
        .arithmetic, "An activation of \(byteCount) bytes exceeds the \(reservedByteCount) bytes reserved.",
        remedy: "use a smaller --max-size or smaller batches")
    }
    let offset = gaps[place].lowerBound
    gaps[place] = offset + wanted..<gaps[place].upperBound
    if gaps[place].isEmpty { gaps.remove(at: place) }
    byteCountInUse += wanted
    largestByteCountInUse = max(largestByteCountInUse, byteCountInUse)
    return unsafe Buffer(start: start + offset) { self.giveBack(offset..<offset + wanted) }
  }

  private func giveBack(_ range: Range<Int>) {
    byteCountInUse -= range.count
    let next = gaps.firstIndex { $0.lowerBound >= range.upperBound } ?? gaps.count
    var merged = range
    if next < gaps.count, gaps[next].lowerBound == merged.upperBound {
      merged = merged.lowerBound..<gaps.remove(at: next).upperBound
    }
    if next > 0, gaps[next - 1].upperBound == merged.lowerBound {
      gaps[next - 1] = gaps[next - 1].lowerBound..<merged.upperBound
    } else {
      gaps.insert(merged, at: next)
    }
  }
}

/// A range of addresses whose pages get memory when they are first used; nil if the system refuses.
///
/// Huge pages: fewer faults when they are first touched, and fewer misses of the address cache in kernels that stride
/// through them.
private func reserved(_ byteCount: Int) -> UnsafeMutableRawPointer? {
  let flags = MAP_PRIVATE | MAP_ANON | MAP_NORESERVE
  guard let start = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), unsafe start != MAP_FAILED
  else { return nil }
  #if os(Linux)
    // With pages of 4 KiB huge pages have 2 MiB; with pages of 16 and 64 KiB (ARM) they have 32 and 512 MiB.
    if getpagesize() == 4096 { _ = unsafe madvise(start, byteCount, MADV_HUGEPAGE) }
  #endif
  return unsafe start
}

/// A piece of a pool's memory, given back with its last reference.
@safe final class Buffer {
  private let start: UnsafeMutableRawPointer
  private let giveBack: () -> Void
  /// What no number in it exceeds in magnitude; infinite where nothing is known.
  var bound = Float.infinity

  fileprivate init(start: UnsafeMutableRawPointer, giveBack: @escaping () -> Void) {
    unsafe self.start = start
    self.giveBack = giveBack
  }

  deinit { giveBack() }

  /// Where it lies; not to be kept longer than this object.
  var address: UnsafeMutableRawPointer { unsafe start }

  /// The memory as floats.
  var floats: UnsafeMutablePointer<Float> { unsafe start.assumingMemoryBound(to: Float.self) }
}
