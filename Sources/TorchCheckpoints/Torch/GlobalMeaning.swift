import StateDicts

/// What a global that a pickle names means here. The list is closed: whatever is not on it is an inert record.
///
/// Sources: `torch/_utils.py`, `torch/_tensor.py`, `torch/storage.py`, `torch/_weights_only_unpickler.py`.
enum GlobalMeaning: Equatable, Sendable {
  // Functions that make a tensor, by the order of their arguments.
  case rebuildTensor
  case rebuildTensorV2
  case rebuildTensorV3
  case rebuildParameter
  case rebuildParameterWithState
  case rebuildFromTypeV2
  /// A storage class; `UntypedStorage` counts bytes.
  case storage(ElementType)
  /// A dtype, such as `torch.float32`.
  case elementType(ElementType)
  case orderedDict
  case size
  case device
  case codecsEncode
  /// Means nothing here and does no harm.
  case inert
  /// Exists to run code.
  case dangerous

  init(_ global: Pickle.Global) {
    self = Self.known["\(global.module).\(global.name)"] ?? Self.byRule(global)
  }

  /// Storage classes are known by their name in any module of torch (`torch.cuda.FloatStorage`), dtypes by theirs.
  private static func byRule(_ global: Pickle.Global) -> GlobalMeaning {
    if global.module == "torch" || global.module.hasPrefix("torch.") {
      if global.name.hasSuffix("Storage"), let type = storageTypes[String(global.name.dropLast(7))] {
        return .storage(type)
      }
      if global.module == "torch", let type = ElementType(torchName: global.name) { return .elementType(type) }
    }
    return DangerousGlobals.contains(global) ? .dangerous : .inert
  }

  private static let storageTypes: [String: ElementType] = [
    "Double": .float64, "Float": .float32, "Half": .float16, "BFloat16": .bfloat16, "Long": .int64, "Int": .int32,
    "Short": .int16, "Char": .int8, "Byte": .uint8, "Bool": .bool, "ComplexDouble": .complex128,
    "ComplexFloat": .complex64, "QInt8": .qint8, "QInt32": .qint32, "QUInt8": .quint8, "QUInt4x2": .quint4x2,
    "QUInt2x4": .quint2x4, "Untyped": .uint8,
  ]

  private static let known: [String: GlobalMeaning] = [
    "torch._utils._rebuild_tensor": .rebuildTensor,
    "torch._utils._rebuild_tensor_v2": .rebuildTensorV2,
    "torch._utils._rebuild_tensor_v3": .rebuildTensorV3,
    "torch._utils._rebuild_parameter": .rebuildParameter,
    "torch._utils._rebuild_parameter_with_state": .rebuildParameterWithState,
    "torch._tensor._rebuild_from_type_v2": .rebuildFromTypeV2,
    "torch.tensor._rebuild_from_type_v2": .rebuildFromTypeV2,
    "collections.OrderedDict": .orderedDict,
    "torch.Size": .size,
    "torch.device": .device,
    "_codecs.encode": .codecsEncode,
  ]
}

extension ElementType {
  /// An element type by the name that it has in the module `torch`, aliases included.
  init?(torchName: String) {
    let aliases = [
      "float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
      "chalf": "complex32", "cfloat": "complex64", "cdouble": "complex128",
    ]
    self.init(rawValue: aliases[torchName] ?? torchName)
  }
}
