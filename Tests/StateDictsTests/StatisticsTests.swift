import Foundation
import StateDicts
import Testing

/// A tensor's statistics, against the same figures worked out number by number.
struct StatisticsTests {
  /// Every figure from a plain list of numbers.
  private func expect(
    _ statistics: TensorStatistics, of numbers: [Double], precision: Double = 1e-12,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let finite = numbers.filter(\.isFinite)
    let count = Double(finite.count)
    let mean = finite.reduce(0, +) / count
    let deviations = finite.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
    func isClose(_ figure: Double?, _ expected: Double?) -> Bool {
      guard let figure, let expected else { return figure == nil && expected == nil }
      return abs(figure - expected) <= precision * max(1, abs(expected))
    }
    #expect(statistics.count == numbers.count, sourceLocation: sourceLocation)
    #expect(statistics.zeros == numbers.count { $0 == 0 }, sourceLocation: sourceLocation)
    #expect(statistics.nan == numbers.count(where: \.isNaN), sourceLocation: sourceLocation)
    #expect(statistics.infinities == numbers.count(where: \.isInfinite), sourceLocation: sourceLocation)
    #expect(statistics.minimum == finite.min(), sourceLocation: sourceLocation)
    #expect(statistics.maximum == finite.max(), sourceLocation: sourceLocation)
    #expect(isClose(statistics.mean, finite.isEmpty ? nil : mean), sourceLocation: sourceLocation)
    #expect(
      isClose(statistics.standardDeviation, finite.count < 2 ? nil : (deviations / (count - 1)).squareRoot()),
      sourceLocation: sourceLocation)
    #expect(isClose(statistics.l1, finite.reduce(0) { $0 + abs($1) }), sourceLocation: sourceLocation)
    #expect(isClose(statistics.l2, finite.reduce(0) { $0 + $1 * $1 }.squareRoot()), sourceLocation: sourceLocation)
    guard let histogram = statistics.histogram else {
      #expect(finite.isEmpty, sourceLocation: sourceLocation)
      return
    }
    let edges = histogram.edges
    #expect(edges.first == finite.min() && edges.last == finite.max(), sourceLocation: sourceLocation)
    #expect(edges.count == histogram.counts.count + 1, sourceLocation: sourceLocation)
    for (place, count) in histogram.counts.enumerated() {
      let isLast = place == histogram.counts.count - 1
      let expected = finite.count { $0 >= edges[place] && ($0 < edges[place + 1] || isLast) }
      #expect(count == expected, "between \(edges[place]) and \(edges[place + 1])", sourceLocation: sourceLocation)
    }
  }

  /// Numbers of all sizes, the same on every run.
  private func numbers(_ count: Int) -> [Float] {
    var state: UInt64 = 7
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let uniform = Double(state >> 11) * 0x1p-53
      return Float((uniform - 0.4) * pow(10, Double(state & 7) - 5))
    }
  }

  @Test("float32 of few and of many elements", arguments: [1, 2, 9, 1023, 66_000])
  func floats(count: Int) throws {
    let values = numbers(count)
    try expect(Tensor(values, shape: [count]).statistics, of: values.map(Double.init), precision: 1e-9)
  }

  @Test("NaN, infinities and zeros of both signs are counted apart", arguments: [12, 66_000])
  func specials(count: Int) throws {
    var values = numbers(count)
    values.replaceSubrange(1..<7, with: [.nan, -.infinity, .infinity, 0, -0.0, -.nan])
    try expect(Tensor(values, shape: [count]).statistics, of: values.map(Double.init), precision: 1e-9)
    let none = try Tensor([.nan, .infinity] as [Float], shape: [2]).statistics
    #expect(none.minimum == nil && none.mean == nil && none.histogram == nil)
    let empty = try Tensor([Float](), shape: [0]).statistics
    #expect(empty.count == 0 && empty.mean == nil && empty.histogram == nil)
  }

  @Test("a small spread about a large mean is not lost")
  func smallSpread() throws {
    let values = (0..<100_000).map { 1e6 + Double($0 % 2) * 1e-3 }
    let statistics = try Tensor(values, shape: [100_000]).statistics
    let deviation = try #require(statistics.standardDeviation)
    #expect(abs(deviation - 5e-4) < 1e-8)
  }

  @Test("float64 beyond float32's range, in the histogram too", arguments: [5, 66_000])
  func largeDoubles(count: Int) throws {
    var values = numbers(count).map { Double($0) }
    values.replaceSubrange(0..<4, with: [1e300, -1e300, 1e-300, 1e39])
    let statistics = try Tensor(values, shape: [count]).statistics
    #expect(statistics.minimum == -1e300 && statistics.maximum == 1e300)
    #expect(statistics.histogram?.counts.reduce(0, +) == count)
    #expect(statistics.l2 == .infinity)
    let json = try String(decoding: JSONEncoder().encode(statistics), as: UTF8.self)
    #expect(json.contains("\"l2\":null"))
  }

  @Test("every type of up to 16 bits, whose patterns are counted")
  func patterns() throws {
    try expectPatterns(
      of: 300,
      [
        .float16, .bfloat16, .int16, .uint16, .uint8, .int8, .bool, .float8_e4m3fn, .float8_e5m2, .float8_e8m0fnu,
      ])
    try expectPatterns(of: 66_000, [.float16])
    let packed = try tensor(.float4_e2m1fn_x2, [2], [0x21, 0xF0]).statistics
    #expect(packed.count == 4 && packed.minimum == -6 && packed.maximum == 1 && packed.l1 == 7.5)
  }

  private func expectPatterns(of count: Int, _ types: [ElementType]) throws {
    let words = (0..<count).map { UInt16(truncatingIfNeeded: $0 &* 40_503) }
    let bytes = words.map { UInt8(truncatingIfNeeded: $0 >> 3) }
    for type in types {
      let values = try tensor(type, [count], type.byteCount == 2 ? littleEndian(words) : bytes)
      let expected = try type == .bool ? [Bool](values).map { $0 ? 1 : 0 } : [Double](values)
      try expect(values.statistics, of: expected, precision: 1e-9)
    }
  }

  @Test("integers of 32 and 64 bits", arguments: [100, 66_000])
  func integers(count: Int) throws {
    let values = (0..<count).map { Int64(($0 &* 7919) % 4001) - 2000 }
    try expect(Tensor(values, shape: [count]).statistics, of: values.map(Double.init), precision: 1e-9)
    try expect(Tensor(values.map(Int32.init), shape: [count]).statistics, of: values.map(Double.init), precision: 1e-9)
  }

  @Test("complex numbers count by their magnitude")
  func complex() throws {
    let values = try tensor(.complex64, [3], littleEndian([3, 4, 0, 0, -5, 12] as [Float]))
    try expect(values.statistics, of: [5, 0, 13])
  }

  @Test("a transposed matrix has the statistics of the matrix")
  func transposed() throws {
    let values = numbers(600 * 500)
    let matrix = try Tensor(values, shape: [600, 500])
    let turned = try view(matrix.storage, .float32, [500, 600], strides: [1, 500])
    let (one, other) = try (matrix.statistics, turned.statistics)
    #expect(one.histogram == other.histogram && one.zeros == other.zeros && one.minimum == other.minimum)
    expect(other, of: values.map(Double.init), precision: 1e-9)
  }

  @Test("a state dict gives the statistics of its tensors by name")
  func stateDict() throws {
    let stateDict = try StateDict(
      [("a", Tensor([1] as [Float], shape: [1])), ("b", Tensor([2, 4] as [Float], shape: [2]))])
    #expect(try stateDict.statistics().map { $0.statistics?.mean } == [1, 3])
  }
}
