/// Sums over numbers that pass by, from which their mean, spread and norms follow.
struct NumberSums: Sendable {
  /// How many are finite.
  private(set) var count = 0
  private(set) var zeros = 0
  private(set) var nan = 0
  private(set) var infinities = 0
  private(set) var minimum = Double.infinity
  private(set) var maximum = -Double.infinity
  private(set) var magnitudes = 0.0
  /// The first of them, which is near the mean if the spread is small: so the difference of two large sums, in which a
  /// small variance would be lost, does not arise.
  private var shift = 0.0
  /// Of the distances to it.
  private var distances = 0.0
  private var squares = 0.0
  /// The numbers that were kept.
  private(set) var numbers: [Double] = []

  /// How many numbers are kept for an exact histogram.
  static let keptCount = 1 << 16

  var mean: Double { shift + distances / Double(count) }
  /// The sum of the squares of the distances to the mean; infinite if a square is beyond the range of a `Double`.
  var deviations: Double {
    let sum = squares - distances * distances / Double(count)
    return sum.isNaN ? .infinity : max(sum, 0)
  }

  /// Adds a number that occurs several times; NaN and infinities are only counted.
  mutating func add(_ number: Double, times: Int) {
    guard number.isFinite else {
      if number.isNaN { nan += times } else { infinities += times }
      return
    }
    if count == 0 { shift = number }
    let distance = number - shift
    count += times
    if number == 0 { zeros += times }
    minimum = min(minimum, number)
    maximum = max(maximum, number)
    magnitudes += number.magnitude * Double(times)
    distances += distance * Double(times)
    squares += distance * distance * Double(times)
  }

  /// Adds numbers if all are finite.
  ///
  /// - Returns: whether they were added; never if one is NaN or infinite, and not if their sum is beyond a `Double`.
  mutating func add(_ values: UnsafeBufferPointer<Float>) -> Bool {
    unsafe add(values) { bytes, place in
      SIMD4<Double>(unsafe bytes.loadUnaligned(fromByteOffset: place &* 16, as: SIMD4<Float>.self))
    }
  }

  /// Adds numbers if all are finite.
  ///
  /// - Returns: whether they were added; never if one is NaN or infinite, and not if their sum is beyond a `Double`.
  mutating func add(_ values: UnsafeBufferPointer<Double>) -> Bool {
    unsafe add(values) { bytes, place in
      unsafe bytes.loadUnaligned(fromByteOffset: place &* 32, as: SIMD4<Double>.self)
    }
  }

  /// Two loops, whose sums stay in the registers.
  ///
  /// - Parameter four: the four numbers at a place, converted by the caller: operations of generic vectors are slow.
  @inline(__always)
  private mutating func add<Number: BinaryFloatingPoint>(
    _ values: UnsafeBufferPointer<Number>, four: (UnsafeRawBufferPointer, Int) -> SIMD4<Double>
  ) -> Bool {
    guard let first = unsafe values.first else { return true }
    typealias Vector = SIMD4<Double>
    let bytes = UnsafeRawBufferPointer(values)
    let vectorCount = values.count / Vector.scalarCount
    let rest = unsafe values[vectorCount * Vector.scalarCount..<values.count]
    let shift = count == 0 ? Double(first) : shift
    var (magnitudes, distances, squares) = (Vector(), Vector(), Vector())
    let shifts = Vector(repeating: shift)
    for place in 0..<vectorCount {
      let vector = unsafe four(bytes, place)
      // Without the signs: three times as fast as a comparison with zero.
      let bits = unsafe unsafeBitCast(vector, to: SIMD4<UInt64>.self) & (UInt64.max >> 1)
      magnitudes += unsafe unsafeBitCast(bits, to: Vector.self)
      let distance = vector - shifts
      distances += distance
      squares += distance * distance
    }
    guard distances.sum().isFinite, unsafe rest.allSatisfy(\.isFinite) else { return false }
    var (least, most) = (Vector(repeating: Double(first)), Vector(repeating: Double(first)))
    var zeros = SIMD4<Int64>()
    for place in 0..<vectorCount {
      let vector = unsafe four(bytes, place)
      least.replace(with: vector, where: vector .< least)
      most.replace(with: vector, where: vector .> most)
      zeros.replace(with: zeros &+ 1, where: vector .== 0)
    }
    self.shift = shift
    count += vectorCount * Vector.scalarCount
    minimum = min(minimum, least.min())
    maximum = max(maximum, most.max())
    self.zeros += Int(zeros.wrappedSum())
    self.magnitudes += magnitudes.sum()
    self.distances += distances.sum()
    self.squares += squares.sum()
    for place in unsafe rest.indices { unsafe add(Double(rest[place]), times: 1) }
    return true
  }

  /// Keeps numbers for an exact histogram.
  mutating func keep(_ values: UnsafeBufferPointer<Double>) {
    unsafe numbers.append(contentsOf: values)
  }

  /// Adds the sums over other numbers.
  ///
  /// Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
  mutating func add(_ other: NumberSums) {
    nan += other.nan
    infinities += other.infinities
    guard other.count > 0 else { return }
    guard count > 0 else {
      let (nan, infinities) = (nan, infinities)
      self = other
      (self.nan, self.infinities) = (nan, infinities)
      return
    }
    let total = Double(count + other.count)
    let difference = other.mean - mean
    let deviations =
      self.deviations + other.deviations + difference * difference * Double(count) * Double(other.count) / total
    let mean = self.mean + difference * Double(other.count) / total
    count += other.count
    zeros += other.zeros
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    magnitudes += other.magnitudes
    (shift, distances, squares) = (mean, 0, deviations)
    numbers += other.numbers
  }

  /// The figures that follow, without a histogram.
  var statistics: TensorStatistics {
    var result = TensorStatistics()
    result.count = count + nan + infinities
    (result.zeros, result.nan, result.infinities) = (zeros, nan, infinities)
    guard count > 0 else { return result }
    result.figures.minimum.value = minimum
    result.figures.maximum.value = maximum
    result.figures.mean.value = mean
    if count > 1 { result.figures.standardDeviation.value = (deviations / Double(count - 1)).squareRoot() }
    result.l1 = magnitudes
    result.l2 = (deviations + Double(count) * mean * mean).squareRoot()
    return result
  }
}
