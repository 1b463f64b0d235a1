/// A number that a tensor's elements can be given as.
public protocol TensorScalar: BitwiseCopyable, Sendable {
  /// The element type whose bytes are this number's own.
  static var elementType: ElementType { get }
  /// The number nearest to a floating-point one; nil if this type holds no fractions.
  init?(floating value: Double)
  /// The number equal to an integer, for a floating-point type the nearest; nil if there is none.
  init?(integer value: Int64)
  /// The number equal to an unsigned integer; nil if there is none.
  init?(unsigned value: UInt64)
}

extension TensorScalar where Self: BinaryFloatingPoint {
  /// The number nearest to a floating-point one.
  public init?(floating value: Double) { self.init(value) }
  /// The number nearest to an integer.
  public init?(integer value: Int64) { self.init(value) }
  /// The number nearest to an unsigned integer.
  public init?(unsigned value: UInt64) { self.init(value) }
}

extension TensorScalar where Self: FixedWidthInteger {
  /// Always nil: a fraction is not rounded to an integer silently.
  public init?(floating value: Double) { nil }
  /// The number equal to an integer.
  public init?(integer value: Int64) { self.init(exactly: value) }
  /// The number equal to an unsigned integer.
  public init?(unsigned value: UInt64) { self.init(exactly: value) }
}

extension Float: TensorScalar {
  /// `float32`, whose bytes are this type's own.
  public static var elementType: ElementType { .float32 }
}

extension Double: TensorScalar {
  /// `float64`, whose bytes are this type's own.
  public static var elementType: ElementType { .float64 }
}

extension Int8: TensorScalar {
  /// `int8`, whose bytes are this type's own.
  public static var elementType: ElementType { .int8 }
}

extension Int16: TensorScalar {
  /// `int16`, whose bytes are this type's own.
  public static var elementType: ElementType { .int16 }
}

extension Int32: TensorScalar {
  /// `int32`, whose bytes are this type's own.
  public static var elementType: ElementType { .int32 }
}

extension Int64: TensorScalar {
  /// `int64`, whose bytes are this type's own.
  public static var elementType: ElementType { .int64 }
}

extension Int: TensorScalar {
  /// `int64`, whose bytes are this type's own.
  public static var elementType: ElementType { .int64 }
}

extension UInt8: TensorScalar {
  /// `uint8`, whose bytes are this type's own.
  public static var elementType: ElementType { .uint8 }
}

extension UInt16: TensorScalar {
  /// `uint16`, whose bytes are this type's own.
  public static var elementType: ElementType { .uint16 }
}

extension UInt32: TensorScalar {
  /// `uint32`, whose bytes are this type's own.
  public static var elementType: ElementType { .uint32 }
}

extension UInt64: TensorScalar {
  /// `uint64`, whose bytes are this type's own.
  public static var elementType: ElementType { .uint64 }
}

extension Array where Element: TensorScalar {
  /// The tensor's values in C order, converted.
  ///
  /// Floating-point types take every real number (rounded where they must), integer types take integers that fit. A
  /// boolean is 0 or 1.
  ///
  /// - Throws: `inexactConversion` for a value that the type cannot hold; `unsupported` for complex, quantized and
  ///   packed elements, whose bytes `withUnsafeBytes` gives; `checksumMismatch`
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
    if Target.elementType == self {
      unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
    } else {
      try unsafe decode(bytes, into: target)
    }
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
          throw CheckpointError(
            .inexactConversion, "Element \(index), \(self) \(element), is no \(Target.self).",
            remedy: "ask for a wider type, such as [Double] or [Float]")
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
    case .float32: try each(Float.self) { Target(floating: Double($0)) }
    case .float64: try each(Double.self) { Target(floating: $0) }
    case .float16: try each(UInt16.self) { Target(floating: Double(Float(halfBits: $0))) }
    case .bfloat16: try each(UInt16.self) { Target(floating: Double(Float(bitPattern: UInt32($0) << 16))) }
    case .float8_e4m3fn: try each(UInt8.self) { Target(floating: Float8.e4m3fn.value($0)) }
    case .float8_e4m3fnuz: try each(UInt8.self) { Target(floating: Float8.e4m3fnuz.value($0)) }
    case .float8_e5m2: try each(UInt8.self) { Target(floating: Float8.e5m2.value($0)) }
    case .float8_e5m2fnuz: try each(UInt8.self) { Target(floating: Float8.e5m2fnuz.value($0)) }
    case .float8_e8m0fnu: try each(UInt8.self) { Target(floating: Float8.scale($0)) }
    case .complex32, .complex64, .complex128, .float4_e2m1fn_x2, .bits8, .bits16, .bits1x8, .bits2x4, .bits4x2, .qint8,
      .quint8, .qint32, .quint4x2, .quint2x4:
      throw CheckpointError(
        .unsupported, "Elements of type \(self) are no single numbers.", remedy: "take their bytes: withUnsafeBytes")
    }
  }
}

extension ElementType {
  /// The element at a byte's place as a real number; nil for types that have none.
  func real(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Double? {
    unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: 1) { target in
      let element = unsafe UnsafeRawBufferPointer(rebasing: bytes[place..<place + byteCount])
      guard unsafe (try? decode(element, into: target)) != nil else { return nil }
      return unsafe target[0]
    }
  }
}

extension Float {
  /// An IEEE half by its bits. (`Float16` does not exist on Intel Macs.)
  ///
  /// A half's exponent and fraction, moved to where a float has them, make a float 2^112 times too small; infinities
  /// and NaNs, whose exponent is all ones, are told apart.
  package init(halfBits bits: UInt16) {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let sign = UInt32(bits & 0x8000) << 16
    if bits & 0x7C00 == 0x7C00 {
      self.init(bitPattern: sign | 0x7F80_0000 | magnitude & 0x007F_FFFF)
    } else {
      let scaled = Float(bitPattern: magnitude) * 0x1p112
      self.init(bitPattern: sign | scaled.bitPattern)
    }
  }
}

/// The 8-bit floats of `c10/util/Float8_*.h`, by the width of their fraction and the bias of their exponent.
private struct Float8 {
  let fractionBits: Int
  let bias: Int
  /// `fnuz`: no infinities, no negative zero, whose bits are the one NaN.
  let isUnsignedZero: Bool
  /// Whether an exponent of all ones means infinity and NaN, as IEEE has it.
  let hasInfinity: Bool

  static let e4m3fn = Float8(fractionBits: 3, bias: 7, isUnsignedZero: false, hasInfinity: false)
  static let e4m3fnuz = Float8(fractionBits: 3, bias: 8, isUnsignedZero: true, hasInfinity: false)
  static let e5m2 = Float8(fractionBits: 2, bias: 15, isUnsignedZero: false, hasInfinity: true)
  static let e5m2fnuz = Float8(fractionBits: 2, bias: 16, isUnsignedZero: true, hasInfinity: false)

  func value(_ bits: UInt8) -> Double {
    let magnitude = Int(bits & 0x7F)
    let fraction = magnitude & (1 << fractionBits - 1)
    let exponent = magnitude >> fractionBits
    let sign: Double = bits & 0x80 == 0 ? 1 : -1
    if isUnsignedZero {
      if bits == 0x80 { return .nan }
    } else if hasInfinity {
      if exponent == 0x7F >> fractionBits { return fraction == 0 ? sign * .infinity : .nan }
    } else if magnitude == 0x7F {
      return .nan
    }
    let significand = Double(exponent == 0 ? fraction : fraction | 1 << fractionBits)
    return sign * significand * Double(sign: .plus, exponent: max(exponent, 1) - bias - fractionBits, significand: 1)
  }

  /// `float8_e8m0fnu`: a power of two and nothing else, used as a scale.
  static func scale(_ bits: UInt8) -> Double {
    bits == 0xFF ? .nan : Double(sign: .plus, exponent: Int(bits) - 127, significand: 1)
  }
}

extension Tensor {
  /// A tensor of values in C order, made in memory.
  ///
  ///     let bias = try Tensor([0.5, -1] as [Float], shape: [2])
  ///
  /// - Throws: `malformedTensor` where the shape does not take that many values.
  public init<Scalar: TensorScalar>(_ values: [Scalar], shape: [Int]) throws(CheckpointError) {
    let type = Scalar.elementType
    let store = unsafe values.withUnsafeBytes { bytes in unsafe ByteStore(copying: bytes) }
    let geometry = try TensorGeometry(
      shape: shape, strides: TensorGeometry.contiguousStrides(shape), offset: 0, elementByteCount: type.byteCount,
      storageByteCount: store.count)
    guard geometry.elementCount == values.count else {
      throw CheckpointError(.malformedTensor, "\(values.count) values for a shape of \(geometry.elementCount).")
    }
    self.init(elementType: type, geometry: geometry, storage: Storage(store))
  }
}
