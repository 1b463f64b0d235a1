import StateDicts

// The bridge of docs/mlx.md, line for line; DocumentTests holds the two against each other.

extension MLXArray {
  /// The tensor's values, in C order, in memory of their own that MLX frees.
  convenience init(_ tensor: Tensor) throws {
    guard let dtype = DType(tensor.elementType) else {
      throw CheckpointError(.unsupported, "MLX has no dtype for \(tensor.elementType).")
    }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(tensor.byteCount, 1), alignment: 16384)
    do {
      try unsafe tensor.withUnsafeBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(start: memory, count: bytes.count).copyMemory(from: bytes)
      }
    } catch {
      unsafe memory.deallocate()
      throw error
    }
    unsafe self.init(rawPointer: memory, tensor.shape, dtype: dtype) { unsafe memory.deallocate() }
  }
}

extension DType {
  /// MLX's dtype of an element type; nil where it has none.
  init?(_ elementType: ElementType) {
    switch elementType {
    case .bool: self = .bool
    case .uint8: self = .uint8
    case .uint16: self = .uint16
    case .uint32: self = .uint32
    case .uint64: self = .uint64
    case .int8: self = .int8
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .float32: self = .float32
    case .float64: self = .float64
    case .complex64: self = .complex64
    default: return nil
    }
  }
}
