import StateDicts

/// The interpretation of a global in a pickle.
///
/// The list is closed: everything else becomes an inert record.
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
  /// A class that wraps a tensor, as torch 0.1 to 0.3 wrote parameters.
  case tensorClass
  case rebuildQuantized
  case rebuildSparse
  case rebuildNested
  case rebuildJagged
  case rebuildMeta
  case rebuildWrapper
  /// Makes a tensor on a device from a numpy array or a CPU tensor.
  case rebuildOnDevice
  /// A quantization scheme, per tensor or per channel.
  case quantizationScheme(isPerChannel: Bool)
  case layoutByName
  /// A storage class; `UntypedStorage` counts bytes.
  case storage(ElementType)
  /// A dtype, such as `torch.float32`.
  case elementType(ElementType)
  case orderedDict
  case size
  case device
  case codecsEncode
  /// Makes a tuple of the items of its argument; Paddle writes `(name, array)` this way.
  case tuple
  case numpyReconstruct
  case numpyFromBuffer
  case numpyScalar
  case numpyType
  /// Wraps a TorchScript value, its first argument.
  case scriptValue
  /// Called with the bytes of a file: `EmbeddedFiles`.
  case loadFromBytes
  /// A torch class or constant that carries no tensor data (a layout, a memory format).
  case torchName
  /// Harmless, and not interpreted.
  case inert
  /// Can run code.
  case dangerous

  /// Whether a call of it makes a tensor.
  var makesTensor: Bool {
    switch self {
    case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildParameter, .rebuildParameterWithState,
      .rebuildFromTypeV2, .tensorClass, .rebuildQuantized, .rebuildSparse, .rebuildNested, .rebuildJagged, .rebuildMeta,
      .rebuildWrapper, .rebuildOnDevice:
      true
    default: false
    }
  }

  /// What a report says of a global that means this.
  func verdict(of global: Pickle.Global) -> GlobalUse.Verdict {
    switch self {
    case .dangerous: .dangerous
    case .inert: InertGlobals.contains(global) ? .inert : .unknown
    // Any module's FloatStorage is read as one, but only torch's is known to be one.
    case .storage: global.module == "torch" || global.module.hasPrefix("torch.") ? .known : .unknown
    default: .known
    }
  }

  init(_ global: Pickle.Global) {
    self = Self.known["\(global.module).\(global.name)"] ?? Self.byRule(global)
  }

  /// Storage classes are known by their name in any module, as torch has it (`torch.cuda.FloatStorage`, a backend's
  /// own), dtypes by theirs.
  private static func byRule(_ global: Pickle.Global) -> GlobalMeaning {
    if !InertGlobals.contains(global), DangerousGlobals.contains(global) { return .dangerous }
    if global.name.hasSuffix("Storage"), let type = storageTypes[String(global.name.dropLast(7))] {
      return .storage(type)
    }
    if ["torch", "torch.cuda"].contains(global.module), global.name.hasSuffix("Tensor"),
      storageTypes[String(global.name.dropLast(6))] != nil
    {
      return .tensorClass
    }
    if global.module == "torch" || global.module.hasPrefix("torch.") {
      if global.module == "torch" {
        if let type = ElementType(torchName: global.name) { return .elementType(type) }
        if layouts.contains(global.name) { return .torchName }
      }
    }
    return .inert
  }

  private static let layouts: Set<String> = [
    "strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc", "jagged", "contiguous_format",
    "channels_last", "channels_last_3d", "preserve_format",
  ]

  private static let storageTypes: [String: ElementType] = [
    "Double": .float64, "Float": .float32, "Half": .float16, "BFloat16": .bfloat16, "Long": .int64, "Int": .int32,
    "Short": .int16, "Char": .int8, "Byte": .uint8, "Bool": .bool, "ComplexDouble": .complex128,
    "ComplexFloat": .complex64, "QInt8": .qint8, "QInt32": .qint32, "QUInt8": .quint8, "QUInt4x2": .quint4x2,
    "QUInt2x4": .quint2x4, "Untyped": .uint8,
  ]

  private static let known: [String: GlobalMeaning] = [
    "torch._utils._rebuild_qtensor": .rebuildQuantized,
    "torch._utils._rebuild_sparse_tensor": .rebuildSparse,
    "torch._utils._rebuild_sparse_csr_tensor": .rebuildSparse,
    "torch._utils._rebuild_nested_tensor": .rebuildNested,
    "torch.nested._internal.nested_tensor._rebuild_njt": .rebuildJagged,
    "torch._utils._rebuild_meta_tensor_no_storage": .rebuildMeta,
    "torch._utils._rebuild_wrapper_subclass": .rebuildWrapper,
    "torch._utils._rebuild_device_tensor_from_numpy": .rebuildOnDevice,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": .rebuildOnDevice,
    "torch._utils._rebuild_xla_tensor": .rebuildOnDevice,
    "torch.per_tensor_affine": .quantizationScheme(isPerChannel: false),
    "torch.per_tensor_symmetric": .quantizationScheme(isPerChannel: false),
    "torch.per_channel_affine": .quantizationScheme(isPerChannel: true),
    "torch.per_channel_symmetric": .quantizationScheme(isPerChannel: true),
    "torch.per_channel_affine_float_qparams": .quantizationScheme(isPerChannel: true),
    "torch.serialization._get_layout": .layoutByName,
    "numpy.core.multiarray._reconstruct": .numpyReconstruct,
    "numpy._core.multiarray._reconstruct": .numpyReconstruct,
    "numpy.core.numeric._frombuffer": .numpyFromBuffer,
    "numpy._core.numeric._frombuffer": .numpyFromBuffer,
    "numpy.core.multiarray.scalar": .numpyScalar,
    "numpy._core.multiarray.scalar": .numpyScalar,
    "numpy.dtype": .numpyType,
    "numpy.ndarray": .torchName,
    "torch.jit._pickle.restore_type_tag": .scriptValue,
    "torch.jit._pickle.build_intlist": .scriptValue,
    "torch.jit._pickle.build_doublelist": .scriptValue,
    "torch.jit._pickle.build_boollist": .scriptValue,
    "torch.jit._pickle.build_tensorlist": .scriptValue,
    "torch.Tensor": .torchName,
    "torch._tensor.Tensor": .torchName,
    "torch.nn.parameter.Parameter": .tensorClass,
    "torch.nn.parameter.Buffer": .tensorClass,
    "torch.autograd.variable.Variable": .tensorClass,
    "torch.nested._internal.nested_tensor.NestedTensor": .torchName,
    "torch._utils._rebuild_tensor": .rebuildTensor,
    "torch._utils._rebuild_tensor_v2": .rebuildTensorV2,
    "torch._utils._rebuild_tensor_v3": .rebuildTensorV3,
    "torch._utils._rebuild_parameter": .rebuildParameter,
    "torch._utils._rebuild_parameter_with_state": .rebuildParameterWithState,
    "torch._tensor._rebuild_from_type_v2": .rebuildFromTypeV2,
    "torch.tensor._rebuild_from_type_v2": .rebuildFromTypeV2,
    "torch._tensor._rebuild_from_type": .rebuildFromTypeV2,
    "torch.tensor._rebuild_from_type": .rebuildFromTypeV2,
    "torch.storage._load_from_bytes": .loadFromBytes,
    "collections.OrderedDict": .orderedDict,
    "torch.Size": .size,
    "torch.device": .device,
    "_codecs.encode": .codecsEncode,
    "builtins.tuple": .tuple,
    "__builtin__.tuple": .tuple,
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
