/// A number or none, in eight bytes: no figure is NaN.
struct OptionalNumber: Equatable, Sendable {
  private var bits = Double.nan.bitPattern

  var value: Double? {
    get {
      let number = Double(bitPattern: bits)
      return number.isNaN ? nil : number
    }
    set { bits = (newValue ?? .nan).bitPattern }
  }
}

/// The counts of a histogram.
///
/// Most are small: each takes seven bits a byte, the lowest first, with the eighth bit set where another byte follows.
struct HistogramCounts: Equatable, Sendable {
  /// Whether inner edges are rounded down, as numbers were that fell between them.
  private(set) var edgesAreRounded = false
  private var bytes: [UInt8] = []

  init() {}

  init(_ values: [Int], edgesAreRounded: Bool) {
    self.edgesAreRounded = edgesAreRounded
    bytes.reserveCapacity(values.count)
    for value in values {
      var rest = UInt(value)
      while rest > 0x7F {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
  }

  var values: [Int] {
    var values: [Int] = []
    values.reserveCapacity(bytes.count)
    var (value, shift) = (UInt(0), UInt(0))
    for byte in bytes {
      value |= UInt(byte & 0x7F) << shift
      shift += 7
      guard byte < 0x80 else { continue }
      values.append(Int(value))
      (value, shift) = (0, 0)
    }
    return values
  }
}

extension TensorStatistics.Histogram {
  /// Evenly spaced edges, or those that remain of them rounded down.
  static func edges(from minimum: Double, to maximum: Double, areRounded: Bool) -> [Double] {
    let binCount = 32
    var edges = [minimum]
    edges.reserveCapacity(binCount + 1)
    for place in 1..<binCount {
      // Halves first: the difference of two finite numbers need not be finite.
      let share = Double(place) / Double(binCount)
      var edge = minimum * (1 - share) + maximum * share
      if areRounded { edge = Double(Float(floor: edge).leadingBits) }
      if edge > edges[edges.count - 1], edge < maximum { edges.append(edge) }
    }
    edges.append(maximum)
    return edges
  }
}

extension TensorStatistics {
  /// Counts numbers for the histogram, if the range is that of some.
  ///
  /// - Parameter areRounded: whether the numbers were rounded down to their leading bits.
  mutating func count(_ weighted: some Sequence<(number: Double, count: Int)>, areRounded: Bool) {
    guard let minimum, let maximum else { return }
    let edges = Histogram.edges(from: minimum, to: maximum, areRounded: areRounded)
    var counts = [Int](repeating: 0, count: edges.count - 1)
    for (number, count) in weighted {
      // The last inner edge that is not above the number.
      var (low, high) = (0, counts.count - 1)
      while low < high {
        let middle = (low + high + 1) / 2
        if edges[middle] <= number { low = middle } else { high = middle - 1 }
      }
      counts[low] += count
    }
    self.counts = HistogramCounts(counts, edgesAreRounded: areRounded)
  }
}

extension Float {
  /// The largest float that is not above a finite number.
  init(floor number: Double) {
    let nearest = Float(number)
    self = Double(nearest) > number ? nearest.nextDown : nearest
  }

  /// The number rounded down to what its leading 16 bits can say.
  var leadingBits: Float { Float(bitPattern: bitPattern.leadingBits &<< 16) }
}

extension UInt32 {
  /// The leading 16 bits of the finite number with these bits, rounded down.
  @inline(__always)
  var leadingBits: UInt32 {
    // Away from zero, of a negative number.
    (self &+ (self &>> 31) &* 0xFFFF) &>> 16
  }
}
