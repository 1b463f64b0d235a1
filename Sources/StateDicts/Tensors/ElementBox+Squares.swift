extension ElementBox {
  /// Turns a square of 16 bytes each way: as many elements as a vector holds, of as many rows.
  ///
  /// Rows i and i + n/2 are interleaved, which makes rows 2i and 2i + 1; after log2(n) rounds rows are columns.
  @inline(__always)
  static func turnSquare<Element: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ sourceStep: Int, _ target: UnsafeMutableRawPointer, _ targetStep: Int,
    as _: Element.Type
  ) {
    switch MemoryLayout<Element>.size {
    case 1:
      unsafe turn(source, sourceStep, target, targetStep, side: 16) { (one: SIMD16<UInt8>, other: SIMD16<UInt8>) in
        var pair = (SIMD16<UInt8>(), SIMD16<UInt8>())
        (pair.0.evenHalf, pair.0.oddHalf) = (one.lowHalf, other.lowHalf)
        (pair.1.evenHalf, pair.1.oddHalf) = (one.highHalf, other.highHalf)
        return pair
      }
    case 2:
      unsafe turn(source, sourceStep, target, targetStep, side: 8) { (one: SIMD8<UInt16>, other: SIMD8<UInt16>) in
        var pair = (SIMD8<UInt16>(), SIMD8<UInt16>())
        (pair.0.evenHalf, pair.0.oddHalf) = (one.lowHalf, other.lowHalf)
        (pair.1.evenHalf, pair.1.oddHalf) = (one.highHalf, other.highHalf)
        return pair
      }
    default:
      unsafe turn(source, sourceStep, target, targetStep, side: 4) { (one: SIMD4<UInt32>, other: SIMD4<UInt32>) in
        var pair = (SIMD4<UInt32>(), SIMD4<UInt32>())
        (pair.0.evenHalf, pair.0.oddHalf) = (one.lowHalf, other.lowHalf)
        (pair.1.evenHalf, pair.1.oddHalf) = (one.highHalf, other.highHalf)
        return pair
      }
    }
  }

  @inline(__always)
  private static func turn<Vector: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ sourceStep: Int, _ target: UnsafeMutableRawPointer, _ targetStep: Int, side: Int,
    _ interleave: (Vector, Vector) -> (Vector, Vector)
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Vector.self, capacity: 2 * side) { rows in
      for row in 0..<side {
        unsafe rows[row] = source.loadUnaligned(fromByteOffset: row &* sourceStep, as: Vector.self)
      }
      var (now, next) = (0, side)
      var round = 1
      while round < side {
        for row in 0..<side / 2 {
          let pair = unsafe interleave(rows[now &+ row], rows[now &+ row &+ side / 2])
          unsafe rows[next &+ 2 &* row] = pair.0
          unsafe rows[next &+ 2 &* row &+ 1] = pair.1
        }
        (now, next) = (next, now)
        round &*= 2
      }
      for row in 0..<side {
        unsafe target.storeBytes(of: rows[now &+ row], toByteOffset: row &* targetStep, as: Vector.self)
      }
    }
  }
}
