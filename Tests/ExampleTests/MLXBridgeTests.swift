import StateDicts
import Testing
import TorchCheckpoints

@Suite("The bridge to MLX, as docs/mlx.md has it")
struct MLXBridgeTests {
  @Test("An array has the tensor's shape, dtype and bytes")
  func bytes() throws {
    let weights = try loadStateDict(url: Repository.fixture("state_dicts/module.pth"))
    for (name, tensor) in weights {
      let array = try MLXArray(tensor)
      #expect(array.shape == tensor.shape, "\(name)")
      #expect(array.dtype == DType(tensor.elementType))
      try unsafe tensor.withUnsafeBytes { bytes in
        let copy = unsafe UnsafeRawBufferPointer(start: array.pointer, count: bytes.count)
        #expect(unsafe copy.elementsEqual(bytes), "\(name)")
      }
      let address = unsafe UInt(bitPattern: array.pointer)
      #expect(address.isMultiple(of: 16384))
    }
  }

  @Test("A transposed view comes out in C order, and an empty tensor too")
  func views() throws {
    for file in ["zip_tensors/strided_transposed.pth", "zip_tensors/scalar_and_empty.pth"] {
      for (name, tensor) in try loadStateDict(url: Repository.fixture(file)) where DType(tensor.elementType) != nil {
        let array = try MLXArray(tensor)
        #expect(array.shape == tensor.shape, "\(name)")
        try unsafe tensor.withUnsafeBytes { bytes in
          #expect(unsafe UnsafeRawBufferPointer(start: array.pointer, count: bytes.count).elementsEqual(bytes))
        }
      }
    }
  }

  @Test("A dtype that MLX does not have is refused by name")
  func refused() throws {
    let weights = try loadStateDict(url: Repository.fixture("zip_tensors/dtype_complex128.pth"))
    let error = #expect(throws: CheckpointError.self) { for (_, tensor) in weights { _ = try MLXArray(tensor) } }
    #expect(error?.message.contains("complex128") == true)
  }

  @Test("The line that makes a dictionary of arrays")
  func dictionary() throws {
    let url = Repository.fixture("state_dicts/module.pth")
    let arrays = try Dictionary(
      uniqueKeysWithValues: loadStateDict(url: url).map { ($0.name, try MLXArray($0.tensor)) })
    #expect(arrays["conv.weight"]?.shape == [3, 2, 2, 2])
  }
}
