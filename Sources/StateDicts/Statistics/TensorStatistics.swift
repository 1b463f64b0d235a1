/// Range, mean, spread, norms and distribution of a tensor's elements.
///
/// NaN and infinities are counted, and are in none of the other figures. A complex number counts as its magnitude, a
/// quantized one as the integer that is stored.
public struct TensorStatistics: Equatable, Sendable {
  /// The number of elements.
  public internal(set) var count = 0
  /// The number of zeros, of either sign.
  public internal(set) var zeros = 0
  /// The number of NaN.
  public internal(set) var nan = 0
  /// The number of infinities, of either sign.
  public internal(set) var infinities = 0
  /// The smallest finite element; nil if there is none.
  public var minimum: Double? { figures.minimum.value }
  /// The largest finite element; nil if there is none.
  public var maximum: Double? { figures.maximum.value }
  /// The arithmetic mean; nil if there is no finite element.
  public var mean: Double? { figures.mean.value }
  /// The standard deviation with Bessel's correction, as torch's `std()`; nil for fewer than two elements.
  public var standardDeviation: Double? { figures.standardDeviation.value }
  /// The sum of magnitudes.
  public internal(set) var l1 = 0.0
  /// The square root of the sum of squares.
  public internal(set) var l2 = 0.0
  /// The finite elements by size; nil if there is none.
  public var histogram: Histogram? {
    guard let minimum, let maximum else { return nil }
    return Histogram(
      edges: Histogram.edges(from: minimum, to: maximum, areRounded: counts.edgesAreRounded), counts: counts.values)
  }

  /// A report has the statistics of many thousand tensors: what may be missing takes no place of its own, and of a histogram
  /// only counts are kept, since its edges follow from the range.
  struct Figures: Equatable, Sendable {
    var minimum = OptionalNumber()
    var maximum = OptionalNumber()
    var mean = OptionalNumber()
    var standardDeviation = OptionalNumber()
  }

  var figures = Figures()
  var counts = HistogramCounts()

  /// Numbers of elements between edges.
  public struct Histogram: Equatable, Sendable, Codable {
    /// The edges in ascending order, one more than counts.
    ///
    /// The first is the minimum, the last the maximum. There are at most 33, evenly spaced for tensors of up to 65,536 elements and for types of up to 16 bits. For others each
    /// inner edge is rounded down to a number with 8 significant bits, and equal ones are left out.
    public let edges: [Double]
    /// How many elements lie from each edge up to the next, which belongs to the next; the last count includes the
    /// maximum.
    public let counts: [Int]
  }
}

extension TensorStatistics: Encodable {
  enum CodingKeys: String, CodingKey {
    case min, max, mean, std, zeros, nan, inf, l1, l2, histogram
  }

  /// Encodes the figures by torch's names; null where there is none, and where it is beyond the range of a `Double`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    func encode(_ figure: Double?, _ key: CodingKeys) throws {
      // Not as an optional: each would cost as much as a value with parts.
      if let figure, figure.isFinite {
        try container.encode(figure, forKey: key)
      } else {
        try container.encodeNil(forKey: key)
      }
    }
    try encode(minimum, .min)
    try encode(maximum, .max)
    try encode(mean, .mean)
    try encode(standardDeviation, .std)
    try encode(l1, .l1)
    try encode(l2, .l2)
    try container.encode(zeros, forKey: .zeros)
    try container.encode(nan, forKey: .nan)
    try container.encode(infinities, forKey: .inf)
    try container.encode(histogram, forKey: .histogram)
  }
}

extension Tensor {
  /// The statistics of the elements: one pass over them in windows of a megabyte, by two threads.
  ///
  /// - Throws: `unsupported` for a tensor without elements of its own (sparse, nested, meta); `limitExceeded` for a view
  ///   expanded beyond memory; `checksumMismatch`.
  public var statistics: TensorStatistics {
    get throws {
      try requireElements()
      var found = TensorStatistics()
      try Tensor.forEachStatistics(of: [self]) { found = $1 }
      return found
    }
  }

  /// How many tensors are read together.
  private static let surveyCount = 1024

  /// Calls `body` with the statistics of each tensor, in order; all of them have elements.
  ///
  /// - Parameter progress: called with the bytes of a part that has been read, and the number of its tensor.
  package static func forEachStatistics(
    of tensors: [Tensor], progress: @Sendable (_ byteCount: Int, _ tensor: Int) -> Void = { _, _ in },
    _ body: (_ tensor: Int, TensorStatistics) throws -> Void
  ) throws {
    for start in stride(from: 0, to: tensors.count, by: surveyCount) {
      let surveys = try tensors[start..<min(start + surveyCount, tensors.count)].map { try Survey($0) }
      let sums = StorageSums()
      for survey in surveys { survey.expectSums(sums) }
      let parts = surveys.enumerated().flatMap { place, survey in (0..<survey.partCount).map { (place, $0) } }
      _ = try concurrentMap(parts) { place, part in
        progress(try surveys[place].read(part, sums), start + place)
      }
      try sums.confirm()
      for (place, survey) in surveys.enumerated() { try body(start + place, survey.statistics) }
    }
  }
}

extension StateDict {
  /// The statistics of every tensor, in the order of the state dict; nil for those without elements of their own.
  ///
  /// - Parameter expandedByteCount: The largest number of bytes that expanded and overlapping views may repeat in total (2 GiB),
  ///   or four times the size of the storages if that is more.
  /// - Throws: `limitExceeded` for expanded views; `checksumMismatch`.
  public func statistics(
    expandedByteCount: Int = 2 << 30
  ) throws -> [(name: String, statistics: TensorStatistics?)] {
    try RepeatedBytes.require(tensors, within: expandedByteCount)
    let places = indices.filter { self[$0].tensor.composition?.hasElements != false }
    var rows = names.map { (name: $0, statistics: TensorStatistics?.none) }
    try Tensor.forEachStatistics(of: places.map { self[$0].tensor }) { rows[places[$0]].statistics = $1 }
    return rows
  }
}
