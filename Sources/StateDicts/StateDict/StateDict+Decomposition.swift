extension StateDict {
  /// Returns the state dict with each composite tensor replaced by its plain component tensors.
  ///
  /// Components are named `NAME.role`, and `compositions` describes how to assemble them.
  ///
  ///     fc.weight  qint8 [3, 4], per tensor   →   fc.weight.integers int8 [3, 4], fc.weight.scale float64 [],
  ///                                               fc.weight.zero_point int64 []
  ///     w          sparse_coo [4, 4]          →   w.indices int64 [2, 6], w.values float32 [6]
  ///
  /// A tensor that has neither elements nor components (meta) stays as it is.
  ///
  /// - Throws: `nameCollision` if a component's name is taken.
  public func decomposed() throws(CheckpointError) -> StateDict {
    var elements: [Replacement] = []
    var compositions: JSONObject = [:]
    for position in indices {
      Self.decompose(names[position], tensors[position], position, into: &elements, &compositions)
    }
    var result = try replacingElements(with: elements)
    result.metadata.compositions = result.metadata.compositions + compositions
    return result
  }

  private static func decompose(
    _ name: String, _ tensor: Tensor, _ position: Int, into elements: inout [Replacement],
    _ compositions: inout JSONObject
  ) {
    guard let composition = tensor.composition, case let parts = composition.parts(of: tensor), !parts.isEmpty else {
      elements.append((name, tensor, position))
      return
    }
    compositions.append(name, composition.json(of: tensor, parts.map(\.role), name))
    for part in parts { decompose("\(name).\(part.role)", part.tensor, position, into: &elements, &compositions) }
  }
}

extension Composition {
  /// The plain tensors that say all of a tensor: a quantized one's integers, scale and zero point too.
  fileprivate func parts(of tensor: Tensor) -> [Component] {
    guard hasElements else { return components }
    var parts = [Component("integers", tensor.plainIntegers)]
    if case .number(let scale)? = attributes["scale"] { parts.append(Component("scale", .scalar(scale, .float64))) }
    if case .integer(let zero)? = attributes["zero_point"] {
      parts.append(Component("zero_point", .scalar(Int64(zero), .int64)))
    }
    return parts + components
  }

  /// What it takes to put the tensor together again.
  fileprivate func json(of tensor: Tensor, _ roles: [String], _ name: String) -> JSONValue {
    let members: JSONObject = [
      "kind": .string(kind.rawValue), "dtype": .string(tensor.elementType.rawValue),
      "shape": .array(tensor.shape.map { .integer($0) }),
      "components": .object(JSONObject(roles.map { ($0, .string("\(name).\($0)")) })),
    ]
    return .object(members + (json.objectValue ?? [:]) + (tensor.requiresGrad ? ["requires_grad": true] : [:]))
  }
}

extension Tensor {
  /// A quantized tensor's integers under the plain type of the same bytes; packed ones as the bytes they are.
  fileprivate var plainIntegers: Tensor {
    let type: ElementType
    switch elementType {
    case .qint8: type = .int8
    case .qint32: type = .int32
    case .quint4x2, .quint2x4: return packedBytes()
    default: type = .uint8
    }
    return Tensor(elementType: type, geometry: geometry, storage: storage)
  }

  /// A tensor of no dimensions, of a type whose bytes are the value's own.
  fileprivate static func scalar<Value: BitwiseCopyable>(_ value: Value, _ type: ElementType) -> Tensor {
    let store = unsafe Swift.withUnsafeBytes(of: value) { unsafe ByteStore(copying: $0) }
    return Tensor(
      elementType: type, geometry: TensorGeometry(contiguous: [], elementCount: 1), storage: Storage(store))
  }
}
