#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The differences between two state dicts.
public struct Difference: Sendable, Encodable {
  /// A tensor with the same dtype and shape in both state dicts, but different values.
  public struct Values: Sendable, Encodable {
    /// Its name.
    public let name: String
    /// The number of elements that differ, or of components for a tensor without elements of its own.
    ///
    /// If the scales or zero points of a quantized tensor differ, all elements differ.
    public fileprivate(set) var elements: Int
    /// The total number.
    public let of: Int
    /// The largest absolute difference; nil if elements are not real numbers, or not finite.
    public fileprivate(set) var maximum: Double?
  }

  /// A tensor whose dtype or shape differs.
  public struct Form: Sendable, Encodable {
    /// Its name.
    public let name: String
    /// Type and shape in the first.
    public let first: String
    /// Type and shape in the second.
    public let second: String
  }

  /// Names that only the first has.
  public let onlyInFirst: [String]
  /// Names that only the second has.
  public let onlyInSecond: [String]
  /// Tensors whose dtype or shape differs.
  public let forms: [Form]
  /// Tensors whose values differ.
  public let values: [Values]
  /// The number of tensors that are identical bit by bit.
  public let same: Int

  enum CodingKeys: String, CodingKey {
    case forms, values, same
    case onlyInFirst = "only_in_first"
    case onlyInSecond = "only_in_second"
  }

  /// Whether the state dicts are equal.
  public var isEmpty: Bool { onlyInFirst.isEmpty && onlyInSecond.isEmpty && forms.isEmpty && values.isEmpty }

  init(between first: StateDict, and second: StateDict) throws {
    onlyInFirst = first.names.filter { second[$0] == nil }
    onlyInSecond = second.names.filter { first[$0] == nil }
    var forms: [Form] = []
    var pairs: [(name: String, first: Tensor, second: Tensor)] = []
    for (name, tensor) in first {
      guard let other = second[name] else { continue }
      if tensor.shape != other.shape || tensor.elementType != other.elementType
        || tensor.composition?.kind != other.composition?.kind
      {
        forms.append(Form(name: name, first: tensor.description, second: other.description))
      } else {
        pairs.append((name, tensor, other))
      }
    }
    self.forms = forms
    let comparisons = try pairs.map { try Comparison($0.name, $0.first, $0.second) }
    // Box by box, so that two threads have work however few tensors there are.
    let boxes = comparisons.enumerated().flatMap { place, comparison in (0..<comparison.boxCount).map { (place, $0) } }
    let sums = StorageSums()
    for comparison in comparisons { comparison.expectSums(sums) }
    let found = try concurrentMap(boxes) { place, box in try comparisons[place].compare(box, sums) }
    try sums.confirm()
    var compared = comparisons.map(\.values)
    for ((place, _), part) in zip(boxes, found) { compared[place].add(part) }
    values = compared.filter { $0.elements > 0 }
    same = compared.count - values.count
  }
}

extension StateDict {
  /// Compares the names, dtypes, shapes and all bytes with those of another state dict.
  ///
  /// - Parameter other: The first state dict of the difference, for example of an earlier epoch; this one is the second.
  /// - Throws: `checksumMismatch` if one is damaged, `limitExceeded` for a view expanded beyond memory.
  public func difference(from other: StateDict) throws -> Difference { try Difference(between: other, and: self) }
}

extension Difference.Values {
  /// Adds what was found in a part.
  fileprivate mutating func add(_ part: (elements: Int, maximum: Double?)) {
    elements += part.elements
    guard part.elements > 0 else { return }
    maximum = maximum.flatMap { maximum in part.maximum.map { max(maximum, $0) } }
  }
}

/// Two tensors of one type and shape.
private struct Comparison: Sendable {
  /// What is known without reading elements.
  let values: Difference.Values
  private let tensors: [Tensor]
  private let grid: ElementGrid?

  init(_ name: String, _ first: Tensor, _ second: Tensor) throws {
    let differing = try Self.differingParts(first.composition, second.composition)
    let isRead = first.composition?.hasElements != false && differing == 0
    values = Difference.Values(
      name: name, elements: isRead ? 0 : first.composition?.hasElements == true ? first.elementCount : differing,
      of: first.elementCount, maximum: isRead ? 0 : nil)
    guard isRead, first.elementCount > 0 else { (tensors, grid) = ([], nil); return }
    tensors = [first, second].map { $0.elementType.elementsPerByte > 1 ? $0.packedBytes() : $0 }
    for tensor in tensors { try tensor.requireNoExpansion() }
    grid = ElementGrid(tensors)
  }

  var boxCount: Int { grid?.count ?? 0 }

  func expectSums(_ sums: StorageSums) {
    for tensor in tensors where tensor.storage.origin.checksOnUse && tensor.coversStorage {
      sums.expect(tensor.storage)
    }
  }

  /// How many components differ in form or values, one more if an attribute does.
  private static func differingParts(_ first: Composition?, _ second: Composition?) throws -> Int {
    guard let first, let second else { return 0 }
    let differing = try zip(first.components, second.components).count { one, other in
      if one.role != other.role || one.tensor.elementType != other.tensor.elementType
        || one.tensor.shape != other.tensor.shape
      {
        return true
      }
      return try Difference(
        between: StateDict([(one.role, one.tensor)]), and: StateDict([(one.role, other.tensor)])
      ).same == 0
    }
    return differing + abs(first.components.count - second.components.count)
      + (first.attributes == second.attributes ? 0 : 1)
  }

  /// Compares a box of both tensors, a window at a time.
  func compare(_ number: Int, _ sums: StorageSums) throws -> (elements: Int, maximum: Double?) {
    guard let grid else { return (0, 0) }
    let box = grid[number]
    let readers = try zip(tensors, grid.walks).map { try BoxReader($0, $1) }
    for (reader, tensor) in zip(readers, tensors) { try sums.enter(reader, box, of: tensor) }
    var values = Difference.Values(name: values.name, elements: 0, of: 0, maximum: 0)
    try grid.forEachWindow(box, upTo: Tensor.windowByteCount / 4 / tensors[0].elementType.byteCount) { range, _ in
      try unsafe readers[0].withBytes(range) { left in
        try unsafe readers[1].withBytes(range) { right in
          unsafe values.add(Self.compare(left, right, tensors[0].elementType))
        }
      }
    }
    return (values.elements, values.maximum)
  }

  private static func compare(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ type: ElementType
  ) -> (elements: Int, maximum: Double?) {
    guard let first = left.baseAddress, let second = right.baseAddress,
      unsafe memcmp(first, second, left.count) != 0
    else { return (0, 0) }
    let width = type.byteCount
    var (differing, maximum): (Int, Double?) = (0, type.part == type ? 0 : nil)
    let step = 1024
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * step) { numbers in
      for start in stride(from: 0, to: left.count / width, by: step) {
        let count = min(step, left.count / width - start)
        let (a, b) = unsafe (first + start * width, second + start * width)
        if unsafe memcmp(a, b, count * width) == 0 { continue }
        let (x, y) = unsafe (
          UnsafeMutableBufferPointer(rebasing: numbers[0..<count]),
          UnsafeMutableBufferPointer(rebasing: numbers[step..<step + count])
        )
        if maximum != nil {
          unsafe UnsafeRawBufferPointer(start: a, count: count * width).read(type, 1, to: x)
          unsafe UnsafeRawBufferPointer(start: b, count: count * width).read(type, 1, to: y)
        }
        for place in 0..<count where unsafe memcmp(a + place * width, b + place * width, width) != 0 {
          differing += 1
          guard let largest = maximum else { continue }
          let difference = unsafe (x[place] - y[place]).magnitude
          maximum = difference.isFinite ? max(largest, difference) : nil
        }
      }
    }
    return (differing, maximum)
  }
}
