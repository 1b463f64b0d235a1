import StateDicts

/// A numpy dtype that has numbers for elements, by what numpy writes for it: `<f4`, `|b1`, `>c16`.
///
/// Source: `numpy.dtype.str`.
struct NumpyType: Equatable, Sendable {
  let elementType: ElementType
  let byteOrder: ByteOrder

  /// Nil for types that are not numbers: objects, records, strings, dates.
  init?(_ text: String, order: String? = nil) {
    var code = Substring(text)
    var mark = order
    if let first = code.first, "<>|=".contains(first) {
      mark = mark ?? String(first)
      code = code.dropFirst()
    }
    guard let type = Self.types[String(code)] ?? Self.torchType(String(code)) else { return nil }
    elementType = type
    byteOrder = mark == ">" ? .big : .little
  }

  /// A type of ml_dtypes that torch has too, by the name that both give it.
  private static func torchType(_ name: String) -> ElementType? {
    guard let type = ElementType(rawValue: name), type.isFloatingPoint, type != .float4_e2m1fn_x2 else { return nil }
    return type
  }

  /// A type that numpy writes as plain bytes (`|V2`), with a given dtype.
  init?(void text: String, as type: ElementType?) {
    guard let type, text == "|V\(type.byteCount)" || text == "<V\(type.byteCount)" || text == "V\(type.byteCount)"
    else { return nil }
    elementType = type
    byteOrder = .little
  }

  /// Why elements of a type that is not known make no tensor.
  static func reasonWithoutType(_ text: String) -> String {
    let code = text.drop { "<>|=".contains($0) }
    switch code.first {
    case "O": return "an array of Python objects"
    case "U", "S", "a": return "an array of strings (\(text))"
    case "M", "m": return "an array of dates or times (\(text))"
    case "g", "G", "f", "c": return "an array of \(text) (long double), for which torch has no dtype"
    case "V":
      return "an array of \(text), a type that numpy does not know, or records; "
        + "read it with --npz-void bfloat16"
    default: return "an array of \(text), for which torch has no dtype"
    }
  }

  private static let types: [String: ElementType] = [
    "b1": .bool, "?": .bool, "i1": .int8, "u1": .uint8, "i2": .int16, "u2": .uint16, "i4": .int32, "u4": .uint32,
    "i8": .int64, "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64, "c8": .complex64, "c16": .complex128,
  ]
}

extension TensorGeometry {
  /// The geometry of a numpy array: C order, or Fortran's, in which the first axis runs fastest.
  ///
  /// - Throws: `malformedTensor` for a shape that is impossible or takes more than `byteCount`.
  init(
    numpy shape: [Int], isFortran: Bool, offset: Int = 0, of type: ElementType, byteCount: Int
  ) throws(CheckpointError) {
    let strides =
      isFortran
      ? Array(Self.contiguousStrides(shape.reversed()).reversed()) : Self.contiguousStrides(shape)
    try self.init(
      shape: shape, strides: strides, offset: offset, elementByteCount: type.byteCount, storageByteCount: byteCount)
  }
}
