/// The dtype of a tensor, by torch's name: every dtype that torch 2.13 can save.
///
/// Source: `torch/csrc/utils/tensor_dtypes.cpp` and `c10/core/ScalarType.h`.
public enum ElementType: String, CaseIterable, Codable, Sendable {
  case bool
  case uint8, int8, uint16, int16, uint32, int32, uint64, int64
  case float16, bfloat16, float32, float64
  case complex32, complex64, complex128
  case float8_e4m3fn, float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz, float8_e8m0fnu
  /// Two 4-bit floats per byte; shapes count bytes, as in torch.
  case float4_e2m1fn_x2
  case bits8, bits16, bits1x8, bits2x4, bits4x2
  /// Quantized integers; scale and zero point are stored with the tensor.
  case qint8, quint8, qint32
  /// Packed quantized integers of less than a byte; storages count bytes.
  case quint4x2, quint2x4

  /// The size of an element in bytes; 1 if several elements share a byte (`elementsPerByte`).
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8_e4m3fn, .float8_e4m3fnuz, .float8_e5m2, .float8_e5m2fnuz, .float8_e8m0fnu,
      .float4_e2m1fn_x2, .bits8, .bits1x8, .bits2x4, .bits4x2, .qint8, .quint8, .quint4x2, .quint2x4:
      1
    case .uint16, .int16, .float16, .bfloat16, .bits16: 2
    case .uint32, .int32, .float32, .complex32, .qint32: 4
    case .uint64, .int64, .float64, .complex64: 8
    case .complex128: 16
    }
  }

  /// The number of elements per byte: 2 or 4 for the packed quantized types, whose shapes count integers.
  public var elementsPerByte: Int {
    switch self {
    case .quint4x2: 2
    case .quint2x4: 4
    default: 1
    }
  }

  /// How many bytes are reversed together when a big-endian file is read: a complex number's two halves apart.
  package var swapByteCount: Int { isComplex ? byteCount / 2 : byteCount }

  /// Whether elements are complex numbers.
  public var isComplex: Bool {
    switch self {
    case .complex32, .complex64, .complex128: true
    default: false
    }
  }

  /// Whether elements are real floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64, .float8_e4m3fn, .float8_e4m3fnuz, .float8_e5m2, .float8_e5m2fnuz,
      .float8_e8m0fnu, .float4_e2m1fn_x2:
      true
    default: false
    }
  }

  /// Whether elements are quantized integers.
  public var isQuantized: Bool {
    switch self {
    case .qint8, .quint8, .qint32, .quint4x2, .quint2x4: true
    default: false
    }
  }
}

extension ElementType: CustomStringConvertible {
  /// torch's name of the dtype, such as `float32`.
  public var description: String { rawValue }
}
