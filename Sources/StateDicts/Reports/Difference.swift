/// Two state dicts held against each other.
public struct Difference: Sendable, Encodable {
  /// A tensor that both have with one type and shape, and other values.
  public struct Values: Sendable, Encodable {
    /// Its name.
    public let name: String
    /// How many elements differ; of a tensor without elements of its own, how many components.
    ///
    /// All of a quantized tensor's elements do where its scales or zero points differ.
    public let elements: Int
    /// How many there are.
    public let of: Int
    /// The largest absolute difference; nil where elements are no real numbers, or one is not finite.
    public let maximum: Double?
  }

  /// A tensor that both have with another type or shape.
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
  /// Tensors of another type or shape.
  public let forms: [Form]
  /// Tensors of other values.
  public let values: [Values]
  /// How many tensors are the same to the bit.
  public let same: Int

  enum CodingKeys: String, CodingKey {
    case forms, values, same
    case onlyInFirst = "only_in_first"
    case onlyInSecond = "only_in_second"
  }

  /// Whether there is none.
  public var isEmpty: Bool { onlyInFirst.isEmpty && onlyInSecond.isEmpty && forms.isEmpty && values.isEmpty }

  /// Holds two state dicts against each other: names, types, shapes, and every byte.
  ///
  /// - Throws: `checksumMismatch` where one is damaged.
  public init(between first: StateDict, and second: StateDict) throws {
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
    let compared = try concurrentMap(pairs) { pair in try Values(pair.name, pair.first, pair.second) }
    values = compared.filter { $0.elements > 0 }
    same = compared.count - values.count
  }
}

extension Difference.Values {
  fileprivate init(_ name: String, _ first: Tensor, _ second: Tensor) throws {
    self.name = name
    of = first.elementCount
    let differing = try Self.differingParts(first.composition, second.composition)
    guard first.composition?.hasElements != false, differing == 0 else {
      (elements, maximum) = (first.composition?.hasElements == true ? of : differing, nil)
      return
    }
    (elements, maximum) = try unsafe first.withUnsafeBytes { left in
      try unsafe second.withUnsafeBytes { right in unsafe Self.compare(left, right, first.elementType) }
    }
  }

  /// How many components differ in form or values, one more if an attribute does.
  private static func differingParts(_ first: Composition?, _ second: Composition?) throws -> Int {
    guard let first, let second else { return 0 }
    let differing = try zip(first.components, second.components).count { one, other in
      try one.role != other.role || one.tensor.elementType != other.tensor.elementType
        || one.tensor.shape != other.tensor.shape || Self(one.role, one.tensor, other.tensor).elements > 0
    }
    return differing + abs(first.components.count - second.components.count)
      + (first.attributes == second.attributes ? 0 : 1)
  }

  private static func compare(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ type: ElementType
  ) -> (elements: Int, maximum: Double?) {
    var differing = 0
    var maximum: Double? = 0
    let width = type.byteCount
    for start in stride(from: 0, to: left.count, by: 1 << 16) {
      let window = start..<min(start + 1 << 16, left.count)
      let (a, b) = unsafe (left[window], right[window])
      if unsafe a.elementsEqual(b) { continue }
      for place in stride(from: window.lowerBound, to: window.upperBound, by: width)
      where unsafe !left[place..<place + width].elementsEqual(right[place..<place + width]) {
        differing += 1
        let pair = unsafe (type.real(left, at: place), type.real(right, at: place))
        if let largest = maximum, let x = pair.0, let y = pair.1, (x - y).isFinite {
          maximum = max(largest, abs(x - y))
        } else {
          maximum = nil
        }
      }
    }
    return (differing, maximum)
  }
}
