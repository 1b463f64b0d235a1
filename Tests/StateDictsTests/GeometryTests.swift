import Testing

@testable import StateDicts

struct GeometryTests {
  /// A geometry over a storage of `count` floats.
  private func geometry(
    _ shape: [Int], _ strides: [Int], offset: Int = 0, of count: Int = 12
  ) throws(CheckpointError) -> TensorGeometry {
    try TensorGeometry(
      shape: shape, strides: strides, offset: offset, elementByteCount: 4, storageByteCount: count * 4)
  }

  struct Impossible: CustomTestStringConvertible {
    let testDescription: String
    let shape: [Int]
    let strides: [Int]
    let offset: Int

    init(_ name: String, _ shape: [Int], _ strides: [Int], _ offset: Int = 0) {
      (testDescription, self.shape, self.strides, self.offset) = (name, shape, strides, offset)
    }
  }

  @Test(
    "a geometry that leaves its storage, or that no tensor has, is refused",
    arguments: [
      Impossible("more sizes than strides", [3, 4], [1]),
      Impossible("more strides than sizes", [3], [4, 1]),
      Impossible("a negative size", [-1], [1]),
      Impossible("a negative size beside a zero", [0, -1], [1, 1]),
      Impossible("the smallest integer as a size", [.min], [1]),
      Impossible("a negative stride", [2, 2], [-2, 1]),
      Impossible("a negative stride of a size-1 dimension", [1, 2], [-2, 1]),
      Impossible("a negative offset", [2], [1], -1),
      Impossible("the smallest integer as an offset", [2], [1], .min),
      Impossible("one element too many", [13], [1]),
      Impossible("one element too far by the offset", [12], [1], 1),
      Impossible("one element, beyond the end", [], [], 12),
      Impossible("the last row skips out", [3, 4], [5, 1]),
      Impossible("the last column skips out", [4, 3], [1, 5]),
      Impossible("sizes whose product is over 2^63", [1 << 32, 1 << 32], [0, 0]),
      Impossible("sizes whose product wraps to zero", [1 << 32, 1 << 32], [0, 0]),
      Impossible("sizes whose product wraps to one element", [Int.max, Int.max], [0, 0]),
      Impossible("a product that fits as elements and not as bytes", [1 << 62], [0]),
      Impossible("a reach over 2^63", [3], [Int.max]),
      Impossible("reaches that add up over 2^63", [2, 2, 2], [.max / 2, .max / 2, .max / 2]),
      Impossible("an offset that adds up over 2^63", [2], [1], .max),
      Impossible("the largest offset alone", [1], [1], .max),
    ])
  func refused(_ case: Impossible) {
    #expect(throws: CheckpointError(.malformedTensor, "")) {
      try geometry(`case`.shape, `case`.strides, offset: `case`.offset)
    }
  }

  @Test("the largest view that fits is taken, the next larger one is not")
  func boundary() throws {
    #expect(try geometry([12], [1]).elementCount == 12)
    #expect(try geometry([3, 4], [4, 1]).elementCount == 12)
    #expect(try geometry([], [], offset: 11).elementCount == 1)
    #expect(try geometry([2], [11]).elementCount == 2)
    #expect(try geometry([1 << 40], [0]).elementCount == 1 << 40)
    // A storage whose bytes are no whole number of elements: the rest belongs to none.
    #expect(throws: CheckpointError(.malformedTensor, "")) {
      try TensorGeometry(shape: [2], strides: [1], offset: 0, elementByteCount: 4, storageByteCount: 7)
    }
  }

  @Test("a dimension of size 1 may have any stride, for it is never stepped along")
  func sizeOne() throws {
    let odd = try geometry([1, 3, 1, 4], [999, 4, .max, 1])
    #expect(odd.isContiguous)
    #expect(odd.elementCount == 12)
    #expect(try geometry([1], [.max], offset: 11).elementCount == 1)
    #expect(odd.joined == (shape: [12], strides: [1]))
  }

  @Test("a tensor of no elements may have any strides and any offset")
  func noElements() throws {
    for (shape, strides) in [
      ([0], [1]), ([3, 0, 4], [0, 999, 1]), ([0, .max], [.max, 1]), ([.max, .max, 0], [1, 1, 1]),
    ] {
      let empty = try geometry(shape, strides, offset: 99)
      #expect(empty.elementCount == 0)
      #expect(empty.isContiguous)
      #expect(empty.shape == shape)
    }
    #expect(try geometry([0], [1], of: 0).elementCount == 0)
  }

  @Test("a contiguous tensor's strides are torch's, which count a size of 0 as 1")
  func contiguousStrides() {
    #expect(TensorGeometry.contiguousStrides([64, 3, 7, 7]) == [147, 49, 7, 1])
    #expect(TensorGeometry.contiguousStrides([2, 0, 3]) == [3, 3, 1])
    #expect(TensorGeometry.contiguousStrides([]) == [])
  }

  @Test("neighbouring dimensions are joined where one continues the other, and only there")
  func joined() throws {
    #expect(try geometry([3, 4], [4, 1]).joined == (shape: [12], strides: [1]))
    #expect(try geometry([4, 3], [1, 4]).joined == (shape: [4, 3], strides: [1, 4]))
    #expect(try geometry([2, 2, 3], [6, 3, 1]).joined == (shape: [12], strides: [1]))
    #expect(try geometry([2, 2, 2], [6, 2, 1]).joined == (shape: [2, 4], strides: [6, 1]))
    #expect(try geometry([], []).joined == (shape: [], strides: []))
    #expect(try geometry([5, 7], [0, 0]).joined == (shape: [35], strides: [0]))
  }

  @Test("a stated geometry takes any sizes but impossible ones")
  func stated() throws {
    #expect(try TensorGeometry(stated: [1 << 31, 1 << 31]).elementCount == 1 << 62)
    #expect(try TensorGeometry(stated: [.max, 2, 0]).elementCount == 0)
    #expect(try TensorGeometry(stated: [2, 3], strides: [1, 2]).strides == [1, 2])
    #expect(throws: CheckpointError(.malformedTensor, "")) { try TensorGeometry(stated: [.max, 2]) }
    #expect(throws: CheckpointError(.malformedTensor, "")) { try TensorGeometry(stated: [0, -1]) }
  }
}
