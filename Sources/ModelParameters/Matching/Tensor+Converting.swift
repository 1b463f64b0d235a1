public import StateDicts

extension ElementType {
  /// Whether elements of this type become the other's as numbers: floating-point types among each other, and integers
  /// (and booleans) among each other.
  ///
  /// Integers do not become floating-point numbers: they are then most likely quantized, and their scale is elsewhere.
  public func converts(to other: ElementType) -> Bool {
    if self == other { return true }
    return other.isConversionTarget
      && ((isReal && other.isFloatingPoint) || (isPlainInteger && other.isPlainInteger))
  }

  /// Whether elements are floating-point numbers that can be read one by one.
  var isReal: Bool { isFloatingPoint && self != .float4_e2m1fn_x2 }

  /// Whether elements are whole numbers or booleans that stand for themselves.
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
  /// The same numbers as elements of another type, converted when they are read: nothing is done before.
  ///
  /// Floating-point numbers are rounded to the nearest, ties to even, as torch does it.
  func converting(to target: ElementType) -> Tensor {
    guard target != elementType else { return self }
    guard hasValues else { return Tensor(shapeOnly: shape, elementType: target) }
    let contents = ConvertedElements(source: self, target: target)
    return Tensor(
      elementType: target, geometry: TensorGeometry(contiguous: shape, elementCount: elementCount),
      storage: Storage(
        .lazy(contents), byteCount: elementCount * target.byteCount, key: storage.key,
        origin: StorageOrigin(file: storage.origin.file, entryPrefix: storage.origin.entryPrefix)),
      requiresGrad: requiresGrad)
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

/// The bytes of a tensor as elements of another type.
private struct ConvertedElements: StorageContents {
  let source: Tensor
  let target: ElementType

  func load() throws(CheckpointError) -> ByteStore {
    do {
      if source.elementType.isReal, target.isPlainInteger { return try wholeNumber() }
      return switch target {
      case .float16: try bytes(of: [Float](source).map(\.halfBits))
      case .bfloat16: try bytes(of: [Float](source).map(\.bfloat16Bits))
      case .float64: try bytes(of: [Double](source))
      case .uint8: try bytes(of: [UInt8](source))
      case .int8: try bytes(of: [Int8](source))
      case .uint16: try bytes(of: [UInt16](source))
      case .int16: try bytes(of: [Int16](source))
      case .uint32: try bytes(of: [UInt32](source))
      case .int32: try bytes(of: [Int32](source))
      case .uint64: try bytes(of: [UInt64](source))
      case .int64: try bytes(of: [Int64](source))
      default: try bytes(of: [Float](source))
      }
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(.inexactConversion, "\(error)", entry: source.storage.entry)
    }
  }

  /// A counter that was saved as a floating-point number.
  private func wholeNumber() throws -> ByteStore {
    let integers = try [Double](source).map { value in
      guard let integer = Int64(exactly: value) else {
        throw CheckpointError(.inexactConversion, "\(value) is no whole number.", entry: source.storage.entry)
      }
      return integer
    }
    let plain = Tensor(
      elementType: .int64, geometry: TensorGeometry(contiguous: source.shape, elementCount: source.elementCount),
      storage: Storage(bytes(of: integers)))
    return target == .int64
      ? bytes(of: integers) : try ConvertedElements(source: plain, target: target).load()
  }

  /// One window: a conversion holds one tensor at a time.
  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    let store = try load()
    try unsafe store.withUnsafeBytes(body)
  }

  private func bytes(of values: [some BitwiseCopyable]) -> ByteStore {
    unsafe values.withUnsafeBytes { unsafe ByteStore(copying: $0) }
  }
}

extension Float {
  /// The IEEE half nearest to the number, ties to even, by its bits. (`Float16` does not exist on Intel Macs.)
  package var halfBits: UInt16 {
    let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
    let magnitude = bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 | UInt16(truncatingIfNeeded: magnitude >> 13) & 0x01FF }
    // From 65520 on, the nearest is infinity.
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
      // Below 2^-14 a half counts in steps of 2^-24, and so does a float to which 0.5 is added.
      let shifted = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: shifted.bitPattern & 0x07FF)
    }
    let rounded = magnitude + 0x0FFF + (magnitude >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: (rounded - 0x3800_0000) >> 13)
  }

  /// The bfloat16 nearest to the number, ties to even, by its bits.
  package var bfloat16Bits: UInt16 {
    if isNaN { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x0040 }
    return UInt16(truncatingIfNeeded: (bitPattern + 0x7FFF + (bitPattern >> 16 & 1)) >> 16)
  }
}
