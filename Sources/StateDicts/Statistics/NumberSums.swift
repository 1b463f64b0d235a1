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

  /// Adds numbers of which none is NaN or infinite.
  mutating func add(finite values: UnsafeBufferPointer<Double>) {
    guard let first = unsafe values.first else { return }
    if count == 0 { shift = first }
    typealias Vector = SIMD8<Double>
    let bytes = UnsafeRawBufferPointer(values)
    var (least, most) = (Vector(repeating: minimum), Vector(repeating: maximum))
    var (magnitudes, distances, squares) = (Vector(), Vector(), Vector())
    var zeros = SIMD8<Int64>()
    let shifts = Vector(repeating: shift)
    let vectorCount = values.count / Vector.scalarCount
    for place in 0..<vectorCount {
      let vector = unsafe bytes.loadUnaligned(fromByteOffset: place &* MemoryLayout<Vector>.size, as: Vector.self)
      least.replace(with: vector, where: vector .< least)
      most.replace(with: vector, where: vector .> most)
      magnitudes += vector.replacing(with: -vector, where: vector .< 0)
      zeros.replace(with: zeros &+ 1, where: vector .== 0)
      let distance = vector - shifts
      distances += distance
      squares += distance * distance
    }
    minimum = least.min()
    maximum = most.max()
    self.zeros += Int(zeros.wrappedSum())
    self.magnitudes += magnitudes.sum()
    self.distances += distances.sum()
    self.squares += squares.sum()
    count += vectorCount * Vector.scalarCount
    for place in vectorCount * Vector.scalarCount..<values.count { unsafe add(values[place], times: 1) }
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
    (result.minimum, result.maximum, result.mean) = (minimum, maximum, mean)
    if count > 1 { result.standardDeviation = (deviations / Double(count - 1)).squareRoot() }
    result.l1 = magnitudes
    result.l2 = (deviations + Double(count) * mean * mean).squareRoot()
    return result
  }
}
