extension Array where Element: TensorScalar {
  /// Reads the values of a tensor in C order and converts them.
  ///
  /// Floating-point types accept all real numbers (rounded if necessary), integer types accept integers that fit. A
  /// boolean is converted to 0 or 1.
  ///
  /// - Throws: `inexactConversion` for a value that the type cannot represent; `unsupported` for complex, quantized and
  ///   packed elements, which `withUnsafeBytes` can read; `checksumMismatch`.
  public init(_ tensor: Tensor) throws {
    // The bytes come first: a view too large to be gathered is refused there, before as much is allocated here.
    self = try unsafe tensor.withUnsafeBytes { bytes in
      try unsafe [Element](
        unsafeUninitializedCapacity: tensor.elementCount,
        initializingWith: { target, count in
          try unsafe tensor.elementType.convert(bytes, into: target)
          count = tensor.elementCount
        })
    }
  }
}

extension Tensor {
  /// Returns the value of a tensor that has one element, such as `bn.num_batches_tracked`, as torch's `item()` does.
  ///
  ///     let steps: Int = try tensor.item()
  ///
  /// - Throws: `malformedTensor` if the tensor does not have one element, and the errors of `Array.init(_:)`.
  public func item<Scalar: TensorScalar>(as type: Scalar.Type = Scalar.self) throws -> Scalar {
    guard elementCount == 1, let value = try [Scalar](self).first else {
      throw CheckpointError.malformedTensor(
        "item() needs one element; the tensor of shape \(shape) has \(elementCount).")
    }
    return value
  }

  /// Writes the values in C order, converted as `Array.init(_:)` does, into memory for as many.
  package func copyValues<Scalar: TensorScalar>(to target: UnsafeMutableBufferPointer<Scalar>) throws {
    try unsafe withUnsafeBytes { bytes in try unsafe elementType.convert(bytes, into: target) }
  }
}

extension ElementType {
  /// Copies elements in C order, converted where the type is another.
  fileprivate func convert<Target: TensorScalar>(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Target>
  ) throws(CheckpointError) {
    // A byte of a file need not be 0 or 1, as one of Swift's Bool must be.
    if Target.elementType == self, Target.self != Bool.self {
      unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
    } else if Target.elementType.isFloatingPoint, !isComplex,
      let cast = ElementCast(from: self, to: Target.elementType)
    {
      unsafe cast.convert(bytes, to: UnsafeMutableRawBufferPointer(target))
    } else {
      try unsafe decode(bytes, into: target)
    }
  }

  /// Converts floating-point elements in C order by way of `Double`, a few at a time.
  private func decodeReals<Target: TensorScalar>(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Target>
  ) throws(CheckpointError) {
    for start in stride(from: 0, to: target.count, by: 1024) {
      let count = min(1024, target.count - start)
      try unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { values throws(CheckpointError) in
        unsafe UnsafeRawBufferPointer(rebasing: bytes[(start * byteCount)...]).read(self, 1, to: values)
        for place in 0..<count {
          guard let value = unsafe Target(floating: values[place]) else {
            throw Self.inexact(start + place, "\(self) \(unsafe values[place])", Target.self)
          }
          unsafe target.initializeElement(at: start + place, to: value)
        }
      }
    }
  }

  private static func inexact(_ place: Int, _ value: String, _ target: any TensorScalar.Type) -> CheckpointError {
    CheckpointError(
      .inexactConversion, "Element \(place), \(value), cannot be represented as \(target).",
      remedy: "use a wider type, such as [Double] or [Float]")
  }

  /// Converts elements in C order, little-endian, one by one.
  fileprivate func decode<Target: TensorScalar>(
    _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Target>
  ) throws(CheckpointError) {
    func each<Source: BitwiseCopyable>(
      _: Source.Type, _ convert: (Source) -> Target?
    ) throws(CheckpointError) {
      for index in 0..<target.count {
        let element = unsafe bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Source>.size, as: Source.self)
        guard let value = convert(element) else {
          throw Self.inexact(index, "\(self) \(element)", Target.self)
        }
        unsafe target.initializeElement(at: index, to: value)
      }
    }
    switch self {
    case .bool: try each(UInt8.self) { Target(integer: $0 == 0 ? 0 : 1) }
    case .uint8: try each(UInt8.self) { Target(integer: Int64($0)) }
    case .int8: try each(Int8.self) { Target(integer: Int64($0)) }
    case .uint16: try each(UInt16.self) { Target(integer: Int64($0)) }
    case .int16: try each(Int16.self) { Target(integer: Int64($0)) }
    case .uint32: try each(UInt32.self) { Target(integer: Int64($0)) }
    case .int32: try each(Int32.self) { Target(integer: Int64($0)) }
    case .uint64: try each(UInt64.self) { Target(unsigned: $0) }
    case .int64: try each(Int64.self) { Target(integer: $0) }
    case .float32, .float64, .float16, .bfloat16, .float8_e4m3fn, .float8_e4m3fnuz, .float8_e5m2, .float8_e5m2fnuz,
      .float8_e8m0fnu:
      try unsafe decodeReals(bytes, into: target)
    case .complex32, .complex64, .complex128, .float4_e2m1fn_x2, .bits8, .bits16, .bits1x8, .bits2x4, .bits4x2, .qint8,
      .quint8, .qint32, .quint4x2, .quint2x4:
      throw CheckpointError(
        .unsupported, "Elements of type \(self) cannot be read as numbers.",
        remedy: "read their bytes with withUnsafeBytes")
    }
  }
}

extension Tensor {
  /// Creates a tensor in memory from values in C order.
  ///
  ///     let bias = try Tensor([0.5, -1] as [Float], shape: [2])
  ///
  /// - Throws: `malformedTensor` if the number of values does not match the shape.
  public init<Scalar: TensorScalar>(_ values: [Scalar], shape: [Int]) throws(CheckpointError) {
    let type = Scalar.elementType
    let store = unsafe values.withUnsafeBytes { bytes in unsafe ByteStore(copying: bytes) }
    let geometry = try TensorGeometry(
      shape: shape, strides: TensorGeometry.contiguousStrides(shape), offset: 0, elementByteCount: type.byteCount,
      storageByteCount: store.count)
    guard geometry.elementCount == values.count else {
      throw CheckpointError.malformedTensor(
        "\(values.count) values do not fill a shape of \(geometry.elementCount) elements.")
    }
    self.init(elementType: type, geometry: geometry, storage: Storage(store))
  }
}
