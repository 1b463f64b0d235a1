/// As much of mlx-swift as docs/mlx.md uses, so that the page's code is compiled and its bytes are tested on any system.
///
/// The declarations are those of mlx-swift's `MLXArray+Init.swift` and `DType.swift`.
enum DType: Equatable {
  case bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, float16, float32, bfloat16, complex64, float64
}

/// An array that calls its finalizer when it is freed, as MLX does when it needs the memory no longer.
@safe class MLXArray {
  let shape: [Int]
  let dtype: DType
  let pointer: UnsafeMutableRawPointer
  private let finalizer: () -> Void

  init(
    rawPointer: UnsafeMutableRawPointer, _ shape: (some Collection<Int>)? = [Int]?.none, dtype: DType,
    finalizer: @escaping () -> Void
  ) {
    unsafe pointer = unsafe rawPointer
    self.shape = shape.map { Array($0) } ?? []
    self.dtype = dtype
    self.finalizer = finalizer
  }

  deinit { finalizer() }
}
