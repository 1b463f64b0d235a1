/// Sums over pairs of numbers, from which the distance and the angle between two tensors follow.
struct PairSums: Sendable {
  /// How many pairs differ in a bit.
  private(set) var differing = 0
  /// The largest absolute difference.
  private(set) var largest = 0.0
  /// The sum of absolute differences; not finite if one of them is not.
  private(set) var distances = 0.0
  /// The sum of the squares of differences.
  private(set) var squares = 0.0
  /// The sums of the squares of the first and of the second numbers, and of their products.
  private(set) var first = 0.0
  private(set) var second = 0.0
  private(set) var products = 0.0

  mutating func add(_ other: PairSums) {
    differing += other.differing
    largest = max(largest, other.largest)
    distances += other.distances
    squares += other.squares
    first += other.first
    second += other.second
    products += other.products
  }

  /// Pairs taken at once: in all forms they stay in the first-level cache.
  private static let stepCount = 1024

  /// Adds pairs of elements of a type, in C order.
  mutating func add(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ type: ElementType) {
    let step = Self.stepCount * type.byteCount
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * Self.stepCount) { memory in
      for start in stride(from: 0, to: left.count, by: step) {
        let range = start..<min(start + step, left.count)
        let (a, b) = unsafe (
          UnsafeRawBufferPointer(rebasing: left[range]), UnsafeRawBufferPointer(rebasing: right[range])
        )
        unsafe differing += a.countDiffering(from: b, type.byteCount)
        guard type.part == type else { continue }
        let count = range.count / type.byteCount
        let (x, y) = unsafe (
          UnsafeMutableBufferPointer(rebasing: memory[0..<count]),
          UnsafeMutableBufferPointer(rebasing: memory[Self.stepCount..<Self.stepCount + count])
        )
        unsafe a.read(type, 1, to: x)
        unsafe b.read(type, 1, to: y)
        var sums = unsafe PairSums(UnsafeBufferPointer(x), UnsafeBufferPointer(y))
        if !sums.distances.isFinite {
          // Numbers of equal bits do not differ, NaN and infinities neither.
          for place in 0..<count where unsafe x[place].bitPattern == y[place].bitPattern && !x[place].isFinite {
            unsafe (x[place], y[place]) = (0, 0)
          }
          let finite = unsafe PairSums(UnsafeBufferPointer(x), UnsafeBufferPointer(y))
          (sums.largest, sums.distances) = (finite.largest, finite.distances)
        }
        add(sums)
      }
    }
  }

  init() {}

  /// The sums over pairs, without how many differ.
  private init(_ x: UnsafeBufferPointer<Double>, _ y: UnsafeBufferPointer<Double>) {
    typealias Vector = SIMD4<Double>
    let (left, right) = (UnsafeRawBufferPointer(x), UnsafeRawBufferPointer(y))
    var (largest, distances, squares) = (Vector(), Vector(), Vector())
    var (first, second, products) = (Vector(), Vector(), Vector())
    func add(_ a: Vector, _ b: Vector) {
      let difference = a - b
      let bits = unsafe unsafeBitCast(difference, to: SIMD4<UInt64>.self) & (UInt64.max >> 1)
      let distance = unsafe unsafeBitCast(bits, to: Vector.self)
      largest.replace(with: distance, where: distance .> largest)
      distances += distance
      squares += difference * difference
      first += a * a
      second += b * b
      products += a * b
    }
    let vectorCount = x.count / Vector.scalarCount
    for place in 0..<vectorCount {
      let offset = place &* MemoryLayout<Vector>.size
      unsafe add(
        left.loadUnaligned(fromByteOffset: offset, as: Vector.self),
        right.loadUnaligned(fromByteOffset: offset, as: Vector.self))
    }
    for place in vectorCount * Vector.scalarCount..<x.count {
      unsafe add(Vector(x[place], 0, 0, 0), Vector(y[place], 0, 0, 0))
    }
    self.largest = largest.max()
    self.distances = distances.sum()
    self.squares = squares.sum()
    (self.first, self.second, self.products) = (first.sum(), second.sum(), products.sum())
  }
}

extension UnsafeRawBufferPointer {
  /// How many elements of a width in bytes differ from those of a buffer of the same size.
  fileprivate func countDiffering(from other: UnsafeRawBufferPointer, _ width: Int) -> Int {
    func count<Bits: FixedWidthInteger & BitwiseCopyable>(_: Bits.Type) -> Int {
      var differing = 0
      for place in 0..<self.count / MemoryLayout<Bits>.size {
        let offset = place &* MemoryLayout<Bits>.size
        let (one, two) = unsafe (
          loadUnaligned(fromByteOffset: offset, as: Bits.self),
          other.loadUnaligned(fromByteOffset: offset, as: Bits.self)
        )
        differing &+= one == two ? 0 : 1
      }
      return differing
    }
    return switch width {
    case 1: count(UInt8.self)
    case 2: count(UInt16.self)
    case 4: count(UInt32.self)
    case 8: count(UInt64.self)
    default: count(UInt128.self)
    }
  }
}
