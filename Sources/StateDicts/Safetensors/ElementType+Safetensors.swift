extension ElementType {
  /// The name that safetensors has for this type; nil where it has none.
  ///
  /// Source: `Dtype` in safetensors' `tensor.rs`.
  var safetensorsName: String? { Self.safetensorsNames[self] }

  /// The type that safetensors means by a name.
  init?(safetensorsName name: String) {
    guard let type = Self.typesByName[name] else { return nil }
    self = type
  }

  private static let safetensorsNames: [ElementType: String] = [
    .bool: "BOOL", .uint8: "U8", .int8: "I8", .uint16: "U16", .int16: "I16", .uint32: "U32", .int32: "I32",
    .uint64: "U64", .int64: "I64", .float16: "F16", .bfloat16: "BF16", .float32: "F32", .float64: "F64",
    .complex64: "C64", .float8_e4m3fn: "F8_E4M3", .float8_e5m2: "F8_E5M2", .float8_e4m3fnuz: "F8_E4M3FNUZ",
    .float8_e5m2fnuz: "F8_E5M2FNUZ", .float8_e8m0fnu: "F8_E8M0", .float4_e2m1fn_x2: "F4",
  ]

  private static let typesByName = Dictionary(
    uniqueKeysWithValues: safetensorsNames.map { type, name in (name, type) })

  /// How many of a safetensors shape's last size make one of ours: it counts 4-bit floats, torch counts their pairs.
  var safetensorsPacking: Int { self == .float4_e2m1fn_x2 ? 2 : 1 }
}
