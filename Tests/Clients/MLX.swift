// As much of mlx-swift as docs/mlx.md uses, so that the page's code is compiled and its bytes are tested on any system. The
// declarations are those of mlx-swift's `MLXArray+Init.swift`, `DType.swift` and `IO.swift`.

public import Foundation

/// The type of an array's elements.
public enum DType: Equatable {
  case bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, float16, float32, bfloat16, complex64, float64
}

/// An array that calls its finalizer when it is freed, as MLX does when it needs the memory no longer.
public class MLXArray {
  /// As MLX has it.
  public let shape: [Int]
  /// As MLX has it.
  public let dtype: DType
  /// Where the memory lies.
  public let pointer: UnsafeMutableRawPointer
  private let finalizer: () -> Void

  /// An array over memory that `finalizer` frees.
  public init(
    rawPointer: UnsafeMutableRawPointer, _ shape: (some Collection<Int>)? = [Int]?.none, dtype: DType,
    finalizer: @escaping () -> Void
  ) {
    pointer = rawPointer
    self.shape = shape.map { Array($0) } ?? []
    self.dtype = dtype
    self.finalizer = finalizer
  }

  deinit { finalizer() }

  /// An array with a shape and no memory.
  public static func zeros(_ shape: some Collection<Int>) -> MLXArray {
    MLXArray(rawPointer: .allocate(byteCount: 1, alignment: 16), Array(shape), dtype: .float32) {}
  }

  /// Returns the array itself: the page is compiled, and this line is not run.
  public func transposed(_ axes: Int...) -> MLXArray { self }
}

/// Returns no array: the page is compiled, not run.
public func loadArrays(url: URL) throws -> [String: MLXArray] { [:] }

/// Returns no array: the page is compiled, not run.
public func loadArrays(data: Data) throws -> [String: MLXArray] { [:] }
