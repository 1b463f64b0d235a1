import StateDicts

/// A storage of these bytes, in memory.
func storage(_ bytes: some Sequence<UInt8>, order: ByteOrder = .little) -> Storage {
  let store = ByteStore(copying: bytes)
  return Storage(.region(store, offset: 0), byteCount: store.count, byteOrder: order, key: "0", origin: .memory)
}

/// The bytes of numbers as they lie in memory: little-endian on every machine that these tests run on.
func littleEndian<Number: BitwiseCopyable>(_ numbers: [Number]) -> [UInt8] {
  unsafe numbers.withUnsafeBytes { bytes in unsafe Array(bytes) }
}

/// A view of a storage; strides in C order unless given.
func view(
  _ storage: Storage, _ type: ElementType, _ shape: [Int], strides: [Int]? = nil, offset: Int = 0,
  requiresGrad: Bool = false, operations: Tensor.PendingOperations = []
) throws -> Tensor {
  let geometry = try TensorGeometry(
    shape: shape, strides: strides ?? TensorGeometry.contiguousStrides(shape), offset: offset,
    elementByteCount: type.byteCount, storageByteCount: storage.byteCount)
  return Tensor(
    elementType: type, geometry: geometry, storage: storage, requiresGrad: requiresGrad, pendingOperations: operations)
}

/// A tensor in C order with these bytes.
func tensor(_ type: ElementType, _ shape: [Int], _ bytes: [UInt8], requiresGrad: Bool = false) throws -> Tensor {
  try view(storage(bytes), type, shape, requiresGrad: requiresGrad)
}

/// A tensor of floats in C order, by default of one dimension.
func floats(_ values: [Float], _ shape: [Int]? = nil) throws -> Tensor {
  try tensor(.float32, shape ?? [values.count], littleEndian(values))
}

extension Tensor {
  /// The elements' bytes in C order.
  var gathered: [UInt8] {
    get throws { try unsafe withUnsafeBytes { bytes in unsafe Array(bytes) } }
  }

  /// The same, a window at a time.
  var windowed: [UInt8] {
    get throws {
      var all: [UInt8] = []
      try unsafe forEachWindow { window in unsafe all.append(contentsOf: window) }
      return all
    }
  }
}
