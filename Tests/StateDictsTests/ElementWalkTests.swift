import Testing

@testable import StateDicts

/// Elements wherever they lie, held against a reckoning of their places that multiplies every index by its stride.
struct ElementWalkTests {
  struct View: CustomTestStringConvertible {
    let testDescription: String
    let shape: [Int]
    let strides: [Int]
    let offset: Int

    init(_ name: String, _ shape: [Int], _ strides: [Int], _ offset: Int = 0) {
      (testDescription, self.shape, self.strides, self.offset) = (name, shape, strides, offset)
    }

    /// The elements' places in the storage, in C order.
    var places: [Int] {
      shape.indices.reduce([offset]) { places, dimension in
        places.flatMap { place in (0..<shape[dimension]).map { place + $0 * strides[dimension] } }
      }
    }
  }

  static let views = [
    View("one element, no dimension", [], [], 7),
    View("C order", [4, 6], [6, 1]),
    View("transposed", [6, 4], [1, 6]),
    View("a matrix of matrices, transposed inside", [2, 3, 4], [12, 1, 3]),
    View("every second column", [4, 3], [6, 2]),
    View("every second row", [2, 6], [12, 1]),
    View("from the middle", [2, 3], [6, 1], 8),
    View("one column", [4, 1], [6, 1], 5),
    View("a row repeated", [3, 6], [0, 1], 6),
    View("a column repeated", [4, 5], [6, 0], 2),
    View("one element everywhere", [3, 4], [0, 0], 23),
    View("channels last: [N, C, H, W] = [1, 3, 2, 4]", [1, 3, 2, 4], [24, 1, 12, 3]),
    View("windows that overlap", [5, 4], [4, 2]),
    View("a diagonal", [4], [7]),
    View("odd strides where the size is 1", [1, 4, 1, 6, 1], [77, 6, 5, 1, 0]),
    View("no element", [3, 0, 2], [2, 2, 1]),
    View("five dimensions, reversed", [2, 1, 3, 2, 2], [1, 9, 4, 2, 12]),
  ]

  /// One type for each width that an element can have.
  static let types: [ElementType] = [.uint8, .int16, .float32, .complex64, .complex128]

  @Test("elements are gathered in C order, whatever the strides and the width", arguments: views, types)
  func gather(_ case: View, _ type: ElementType) throws {
    let width = type.byteCount
    let bytes = (0..<width * 30).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
    let tensor = try view(storage(bytes), type, `case`.shape, strides: `case`.strides, offset: `case`.offset)
    let expected = `case`.places.flatMap { bytes[$0 * width..<($0 + 1) * width] }
    #expect(try tensor.gathered == expected)
    #expect(try tensor.windowed == expected)
    #expect(try tensor.contiguous().gathered == expected)
    #expect(tensor.byteCount == expected.count)
  }

  @Test("a window may begin and end in the middle of any row", arguments: views)
  func windows(_ case: View) throws {
    let numbers = (0..<30).map { Int16($0) }
    let tensor = try view(
      storage(littleEndian(numbers)), .int16, `case`.shape, strides: `case`.strides, offset: `case`.offset)
    let expected = `case`.places.map { numbers[$0] }
    let walk = ElementWalk(tensor)
    for start in 0...expected.count {
      for end in start...expected.count {
        var part = [Int16](repeating: -1, count: end - start)
        try unsafe tensor.storage.withUnsafeBytes(reading: 0..<tensor.storage.byteCount) { source in
          unsafe part.withUnsafeMutableBytes { target in unsafe walk.copy(start..<end, from: source, to: target) }
        }
        #expect(part == Array(expected[start..<end]))
      }
    }
  }

  @Test("a transposed tensor of three megabytes passes through in windows that cut its rows")
  func largeWindows() throws {
    let (rows, columns) = (1021, 773)
    let numbers = (0..<rows * columns).map { Int32($0) }
    let tensor = try view(storage(littleEndian(numbers)), .int32, [columns, rows], strides: [1, columns])
    var windows = 0
    var position = 0
    try unsafe tensor.forEachWindow { window in
      windows += 1
      for place in stride(from: 0, to: window.count, by: 4) {
        let value = unsafe window.loadUnaligned(fromByteOffset: place, as: Int32.self)
        let (column, row) = (position / rows, position % rows)
        if value != Int32(row * columns + column) { Issue.record("element \(position) is \(value)") }
        position += 1
      }
    }
    #expect(windows == 4)
    #expect(position == rows * columns)
  }

  @Test("big-endian elements come out little-endian, a complex number's halves each for itself")
  func bigEndian() throws {
    let bytes = Array(UInt8(0)..<32)
    func turned(_ type: ElementType) throws -> [UInt8] {
      try view(storage(bytes, order: .big), type, [32 / type.byteCount]).gathered
    }
    #expect(try turned(.uint8) == bytes)
    #expect(try turned(.float8_e5m2) == bytes)
    #expect(try turned(.bfloat16).prefix(4) == [1, 0, 3, 2])
    #expect(try turned(.float32).prefix(8) == [3, 2, 1, 0, 7, 6, 5, 4])
    #expect(try turned(.complex32).prefix(8) == [1, 0, 3, 2, 5, 4, 7, 6])
    #expect(try turned(.complex64).prefix(8) == [3, 2, 1, 0, 7, 6, 5, 4])
    #expect(try turned(.int64).prefix(8) == [7, 6, 5, 4, 3, 2, 1, 0])
    #expect(
      try turned(.complex128) == Array((0..<8).reversed()) + (8..<16).reversed() + (16..<24).reversed()
        + (24..<32).reversed())
    #expect(
      try view(storage(bytes, order: .big), .int16, [2, 2], strides: [1, 4], offset: 1).gathered == [
        3, 2, 11, 10, 5, 4, 13, 12,
      ])
    #expect(try !view(storage(bytes, order: .big), .int16, [2]).isInPlace)
    #expect(try view(storage(bytes, order: .big), .uint8, [2]).isInPlace)
  }

  @Test("conj changes the sign of imaginary parts, neg of all parts, both of the real ones")
  func pendingOperations() throws {
    let pairs = littleEndian([1, 2, -3, 0.0, Float.infinity, -4])
    func parts(_ operations: Tensor.PendingOperations) throws -> [Float] {
      let tensor = try view(storage(pairs), .complex64, [3], operations: operations)
      let bytes = try tensor.gathered
      return unsafe bytes.withUnsafeBytes { bytes in unsafe Array(bytes.bindMemory(to: Float.self)) }
    }
    #expect(try parts([]) == [1, 2, -3, 0, .infinity, -4])
    #expect(try parts(.conjugate) == [1, -2, -3, 0, .infinity, 4])
    #expect(try parts(.conjugate)[3].sign == .minus)
    #expect(try parts(.negate) == [-1, -2, 3, 0, -.infinity, 4])
    #expect(try parts([.conjugate, .negate]) == [-1, 2, 3, 0, -.infinity, -4])
    let real = try view(storage(littleEndian([Float(1), -2])), .float32, [2], strides: [1], operations: .negate)
    #expect(try [Float](real) == [-1, 2])
    #expect(!real.isInPlace)
    let integers = try view(storage(littleEndian([Int16(5), -6, .min])), .int16, [3], operations: .negate)
    #expect(try [Int](integers) == [-5, 6, Int(Int16.min)])
  }
}
