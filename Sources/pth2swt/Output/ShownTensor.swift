import StateDicts
import Subcommands
import TorchCheckpoints

/// A tensor, or a part of one, with its values.
struct ShownTensor {
  private let name: String
  private let whole: Tensor
  private let part: Tensor
  private let slice: TensorSlice?

  /// The most elements that are printed.
  private static let limit = 1_000_000

  /// - Throws: `ValidationError` if the slice does not fit the tensor.
  init(_ name: String, _ tensor: Tensor, slice: TensorSlice?) throws {
    self.name = name
    self.slice = slice
    whole = tensor
    // Elements that share a byte are shown as bytes.
    let elements = tensor.elementType.elementsPerByte > 1 ? tensor.packedBytes() : tensor
    part = try slice?.view(of: elements) ?? elements
  }

  /// The tensor in a line, then its values, and then those of its components.
  func lines(isWhole: Bool, precision: Int) throws -> [String] {
    var lines = ["\(name): \(form)"]
    if let composition = whole.composition {
      lines += composition.json.objectValue?.map { "  \($0.name) = \($0.value.text)" } ?? []
    }
    if hasElements {
      try requireFew(ArrayText.elementCount(of: part, isWhole: isWhole))
      lines += try ArrayText(part, isWhole: isWhole, precision: precision).lines
    }
    for component in try components {
      lines.append("")
      lines += try component.lines(isWhole: isWhole, precision: precision)
    }
    return lines
  }

  private var hasElements: Bool { whole.composition?.hasElements != false }

  /// `float32 [64, 3, 7, 7], [0, :3] of it is [3, 7, 7]`.
  private var form: String {
    let kind = whole.composition.map { "\($0.kind.rawValue) " } ?? ""
    let whole = "\(kind)\(whole.elementType) \(whole.shape)"
    return slice.map { "\(whole), of which [\($0.text)] is \(part.shape)" } ?? whole
  }

  private var components: [ShownTensor] {
    get throws {
      guard slice == nil else { return [] }
      return try whole.composition?.components.map { try ShownTensor("\(name) \($0.role)", $0.tensor, slice: nil) }
        ?? []
    }
  }

  private func requireFew(_ count: Int) throws {
    guard count > Self.limit else { return }
    throw CheckpointError(
      .limitExceeded,
      "\(Readable.count(count)) elements of \(name.shortened) would be printed; the limit is \(Readable.count(Self.limit)).",
      remedy: "select a part with --slice")
  }
}

extension ShownTensor: Encodable {
  private enum CodingKeys: String, CodingKey {
    case name, dtype, shape, slice, values, kind, attributes, components
  }

  func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(name, forKey: .name)
    try object.encode(whole.elementType, forKey: .dtype)
    try object.encode(whole.shape, forKey: .shape)
    try object.encodeIfPresent(slice?.text, forKey: .slice)
    if let composition = whole.composition {
      try object.encode(composition.kind, forKey: .kind)
      if !composition.attributes.isEmpty { try object.encode(composition.json, forKey: .attributes) }
    }
    if hasElements {
      try requireFew(part.elementCount)
      try object.encode(NestedValues(part.shownElements(), shape: part.shape), forKey: .values)
    }
    let components = try components
    if !components.isEmpty { try object.encode(components, forKey: .components) }
  }
}

/// Values as arrays of arrays, as numpy's `tolist`; what is not finite as a string, a complex number as two numbers.
private struct NestedValues: Encodable {
  private let elements: ShownElements
  private let shape: ArraySlice<Int>
  private let start: Int

  init(_ elements: ShownElements, shape: [Int]) { self.init(elements, shape[...], 0) }

  private init(_ elements: ShownElements, _ shape: ArraySlice<Int>, _ start: Int) {
    (self.elements, self.shape, self.start) = (elements, shape, start)
  }

  func encode(to encoder: any Encoder) throws {
    guard let size = shape.first else { return try encodeOne(to: encoder) }
    var array = encoder.unkeyedContainer()
    let rest = shape.dropFirst()
    let step = rest.reduce(1, *)
    for index in 0..<size { try array.encode(NestedValues(elements, rest, start + index * step)) }
  }

  private func encodeOne(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch elements {
    case .bools(let values): try value.encode(values[start])
    case .integers(let values): try value.encode(values[start])
    case .unsigned(let values): try value.encode(values[start])
    case .reals(let values, let type): try value.encode(Real(values[start], type))
    case .complex(let parts, let type):
      try value.encode([Real(parts[2 * start], type), Real(parts[2 * start + 1], type)])
    }
  }

  private struct Real: Encodable {
    private let value: Double
    private let type: Precision

    init(_ value: Double, _ type: Precision) { (self.value, self.type) = (value, type) }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      guard value.isFinite else {
        return try container.encode(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
      }
      try container.encode(DecimalText.number(value, type))
    }
  }
}
