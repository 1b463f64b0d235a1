/// The position of a tensor's elements in its storage: sizes, strides and an offset, in elements.
///
/// For example `x[:, ::2]` of a 2×4 tensor is sizes [2, 2], strides [4, 2], offset 0: elements 0, 2, 4, 6.
public struct TensorGeometry: Equatable, Sendable {
  /// The size of each dimension.
  public let shape: [Int]
  /// The distance of neighbours in each dimension, in elements; 0 repeats an element.
  public var strides: [Int] { otherStrides ?? Self.contiguousStrides(shape) }
  /// The strides if they are not those of C order, so that most tensors need no array for them.
  private let otherStrides: [Int]?
  /// The index of the first element in the storage, at most its number of elements.
  public let offset: Int
  /// The number of elements.
  public let elementCount: Int

  /// The most dimensions that torch and numpy allow.
  package static let rankLimit = 64

  /// Checks a geometry against the storage that it is a view of, before a byte is touched.
  ///
  /// - Throws: `malformedTensor`: a negative number, sizes and strides of different count, a product over 2^63, an
  ///   element outside the storage.
  package init(shape: [Int], strides: [Int], offset: Int, elementByteCount: Int, storageByteCount: Int)
    throws(CheckpointError)
  {
    func refuse(_ what: String) -> CheckpointError {
      CheckpointError.malformedTensor("Impossible tensor: \(what).")
    }
    guard shape.count <= Self.rankLimit else {
      throw refuse("\(shape.count) dimensions; the limit is \(Self.rankLimit)")
    }
    guard shape.count == strides.count else {
      throw refuse("\(shape.count) sizes but \(strides.count) strides")
    }
    guard offset >= 0 else { throw refuse("the storage offset \(offset) is negative") }
    for size in shape where size < 0 { throw refuse("size \(size)") }
    for stride in strides where stride < 0 { throw refuse("stride \(stride)") }
    var count = 1
    // A dimension of size 0 leaves nothing to be read, whatever the other sizes and the strides are.
    if shape.contains(0) {
      count = 0
    } else {
      var last = offset
      for (size, stride) in zip(shape, strides) {
        guard let product = count.times(size), let reach = (size - 1).times(stride), let sum = last.plus(reach) else {
          throw refuse("sizes \(shape) with strides \(strides) exceed 2^63 bytes")
        }
        (count, last) = (product, sum)
      }
      guard count.times(elementByteCount) != nil else {
        throw refuse("sizes \(shape) with strides \(strides) exceed 2^63 bytes")
      }
      guard let endByte = last.plus(1)?.times(elementByteCount), endByte <= storageByteCount else {
        throw refuse(
          "its last element is at index \(last), beyond a storage of \(storageByteCount / elementByteCount) elements")
      }
    }
    // Torch does not look at the offset of a tensor without elements, which may be any number.
    let start = count == 0 ? min(offset, storageByteCount / elementByteCount) : offset
    self.init(unchecked: shape, strides: strides, offset: start, elementCount: count)
  }

  /// A geometry in C order, for a shape whose product is known to be in bounds.
  package init(contiguous shape: [Int], elementCount: Int) {
    self.shape = shape
    otherStrides = nil
    offset = 0
    self.elementCount = elementCount
  }

  /// The geometry of a tensor without elements of its own.
  ///
  /// - Throws: `malformedTensor` for a negative size, or a product over 2^63.
  package init(stated shape: [Int], strides: [Int]? = nil) throws(CheckpointError) {
    guard shape.count <= Self.rankLimit else {
      throw CheckpointError.malformedTensor(
        "Impossible tensor: \(shape.count) dimensions; the limit is \(Self.rankLimit).")
    }
    var count = shape.contains(0) ? 0 : 1
    for size in shape {
      guard size >= 0, let product = count.times(size) else {
        throw CheckpointError.malformedTensor("Impossible tensor: sizes \(shape).")
      }
      count = product
    }
    let strides = strides.flatMap { $0.count == shape.count ? $0 : nil } ?? Self.contiguousStrides(shape)
    self.init(unchecked: shape, strides: strides, offset: 0, elementCount: count)
  }

  /// Returns the geometry with its offset moved; the caller checks it against the storage.
  package func moved(by elements: Int) -> TensorGeometry {
    TensorGeometry(unchecked: shape, strides: strides, offset: offset + elements, elementCount: elementCount)
  }

  /// A view of a checked geometry, every element of which is one of its own.
  init(view shape: [Int], strides: [Int], offset: Int, elementCount: Int) {
    self.init(unchecked: shape, strides: strides, offset: offset, elementCount: elementCount)
  }

  private init(unchecked shape: [Int], strides: [Int], offset: Int, elementCount: Int) {
    self.shape = shape
    otherStrides = Self.areContiguous(strides, shape) ? nil : strides
    self.offset = offset
    self.elementCount = elementCount
  }

  /// The strides of a tensor in C order, as torch gives them: a size of 0 counts as 1.
  package static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var product = 1
    for dimension in shape.indices.reversed() {
      strides[dimension] = product
      product = product.multipliedReportingOverflow(by: max(shape[dimension], 1)).partialValue
    }
    return strides
  }

  /// Whether strides are those that `contiguousStrides` returns.
  private static func areContiguous(_ strides: [Int], _ shape: [Int]) -> Bool {
    guard strides.count == shape.count else { return false }
    var product = 1
    for dimension in shape.indices.reversed() {
      guard strides[dimension] == product else { return false }
      product = product.multipliedReportingOverflow(by: max(shape[dimension], 1)).partialValue
    }
    return true
  }

  /// Whether the elements are adjacent and in C order (the strides of dimensions of size 1 are ignored).
  public var isContiguous: Bool {
    guard elementCount > 0, let strides = otherStrides else { return true }
    var expected = 1
    for dimension in shape.indices.reversed() where shape[dimension] != 1 {
      guard strides[dimension] == expected else { return false }
      expected *= shape[dimension]
    }
    return true
  }

  /// Shape and strides with as few dimensions as possible, visiting the elements in the same order.
  var joined: (shape: [Int], strides: [Int]) {
    let (shape, strides) = Self.joined(shape, [strides])
    return (shape, strides[0])
  }

  /// Returns shape and strides with as few dimensions as possible: dimensions of size 1 are dropped, and neighbours are
  /// joined where one continues the other in all walks.
  static func joined(_ shape: [Int], _ walks: [[Int]]) -> (shape: [Int], strides: [[Int]]) {
    var sizes: [Int] = []
    var steps = [[Int]](repeating: [], count: walks.count)
    for (axis, size) in shape.enumerated() where size != 1 {
      // No product goes over: the reach of each walk was checked, unless there is no element.
      if let last = sizes.last,
        zip(steps, walks).allSatisfy({ $0.last == $1[axis].multipliedReportingOverflow(by: size).partialValue })
      {
        sizes[sizes.count - 1] = last.multipliedReportingOverflow(by: size).partialValue
        for walk in walks.indices { steps[walk][sizes.count - 1] = walks[walk][axis] }
      } else {
        sizes.append(size)
        for walk in walks.indices { steps[walk].append(walks[walk][axis]) }
      }
    }
    return (sizes, steps)
  }
}
