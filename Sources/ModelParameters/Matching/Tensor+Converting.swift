public import StateDicts

extension ElementType {
  /// Whether this dtype is converted to another: floating-point types among each other, integers and booleans among
  /// each other.
  ///
  /// Integers are not converted to floating point: they are most likely quantized, with a scale stored elsewhere.
  public func converts(to other: ElementType) -> Bool {
    if self == other { return true }
    return other.isConversionTarget
      && ((isReal && other.isFloatingPoint) || (isPlainInteger && other.isPlainInteger))
  }

  /// Whether elements are floating-point numbers that can be read one by one.
  var isReal: Bool { isFloatingPoint && self != .float4_e2m1fn_x2 }

  /// Whether elements are plain integers or booleans.
  var isPlainInteger: Bool {
    switch self {
    case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    default: false
    }
  }

  /// Whether this module can write such elements.
  private var isConversionTarget: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
    default: false
    }
  }
}

extension Tensor {
  /// Returns the tensor with another element type, converted when it is read.
  ///
  /// Floating-point numbers are rounded as in torch. Reading an integer that does not fit throws.
  ///
  /// - Throws: `unsupported` for elements that cannot be converted.
  func converting(to target: ElementType) throws(CheckpointError) -> Tensor {
    guard target != elementType else { return self }
    guard hasValues else { return Tensor(shapeOnly: shape, elementType: target) }
    return try converted(to: target, exactly: target.isPlainInteger)
  }

  /// A tensor of shape [1] as a scalar.
  func squeezed() -> Tensor? {
    guard
      let geometry = try? TensorGeometry(
        shape: [], strides: [], offset: geometry.offset, elementByteCount: elementType.byteCount,
        storageByteCount: storage.byteCount)
    else { return nil }
    return Tensor(
      elementType: elementType, geometry: geometry, storage: storage, requiresGrad: requiresGrad,
      pendingOperations: pendingOperations, composition: composition)
  }
}
