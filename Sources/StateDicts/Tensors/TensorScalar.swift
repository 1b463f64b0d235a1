/// A type to which the elements of a tensor can be converted.
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
  /// Converts a floating-point number to the nearest value.
  public init?(floating value: Double) { self.init(value) }
  /// Converts an integer to the nearest value.
  public init?(integer value: Int64) { self.init(value) }
  /// Converts an unsigned integer to the nearest value.
  public init?(unsigned value: UInt64) { self.init(value) }
}

extension TensorScalar where Self: FixedWidthInteger {
  /// Returns nil: floating-point numbers are not converted to integers.
  public init?(floating value: Double) { nil }
  /// Converts an integer exactly, or returns nil.
  public init?(integer value: Int64) { self.init(exactly: value) }
  /// Converts an unsigned integer exactly, or returns nil.
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

// On Macs with Intel's processors the type does not exist.
#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: TensorScalar {
    /// `float16`, whose bytes are this type's own.
    public static var elementType: ElementType { .float16 }
  }
#endif

extension Bool: TensorScalar {
  /// `bool`; the byte 0 is false, all others are true.
  public static var elementType: ElementType { .bool }
  /// Returns nil: floating-point numbers are not converted to booleans.
  public init?(floating value: Double) { nil }
  /// Converts 0 to false and 1 to true; returns nil for other integers.
  public init?(integer value: Int64) {
    guard value == 0 || value == 1 else { return nil }
    self = value == 1
  }
  /// Converts 0 to false and 1 to true; returns nil for other integers.
  public init?(unsigned value: UInt64) { self.init(integer: Int64(clamping: value)) }
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
