import Foundation
import MLX
import TorchCheckpoints

let tensor: Tensor = {
  do { return try Tensor([0.5] as [Float], shape: [1, 1, 1, 1]) } catch { fatalError("\(error)") }
}()

let weights: StateDict = {
  do { return try loadStateDict(url: url) } catch { fatalError("\(error)") }
}()

/// The bridge of docs/mlx.md: shape, dtype and bytes, in C order, at the beginning of a page.
func check() throws {
  try? FileManager.default.removeItem(at: output)
  let fixtures = url.deletingLastPathComponent().deletingLastPathComponent()
  for file in ["state_dicts/module.pth", "zip_tensors/strided_transposed.pth", "zip_tensors/scalar_and_empty.pth"] {
    for (name, tensor) in try loadStateDict(url: fixtures.appendingPathComponent(file)) {
      guard let dtype = DType(tensor.elementType) else { continue }
      let array = try MLXArray(tensor)
      let isEqual = try tensor.withUnsafeBytes { bytes in
        UnsafeRawBufferPointer(start: array.pointer, count: bytes.count).elementsEqual(bytes)
      }
      precondition(isEqual && array.shape == tensor.shape && array.dtype == dtype, "\(file): \(name)")
      precondition(UInt(bitPattern: array.pointer).isMultiple(of: 16384), "\(file): \(name)")
    }
  }
  do {
    for (_, tensor) in try loadStateDict(url: fixtures.appendingPathComponent("zip_tensors/dtype_complex128.pth")) {
      _ = try MLXArray(tensor)
    }
    preconditionFailure("complex128 became an array")
  } catch let error as CheckpointError {
    precondition(error.message.contains("complex128"), "\(error)")
  }
}
