import Testing

@testable import StateDicts

/// Tensors that are computed when they are read are computed a window at a time: nothing has one in memory as a whole.
struct ComputedTensorTests {
  /// Bytes of a tensor that cannot be had all at once.
  private struct InParts: ComputedContents {
    let tensor: Tensor
    var byteCount: Int { tensor.byteCount }
    var sources: [Tensor] { [tensor] }
    var segments: [TensorSegment]? { nil }

    func load() throws(CheckpointError) -> ByteStore {
      throw CheckpointError(.limitExceeded, "A computed tensor was loaded whole.")
    }

    func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
      do {
        try unsafe tensor.copyElements(range.lowerBound / 4..<range.upperBound / 4, to: target)
      } catch {
        throw CheckpointError.reading(error)
      }
    }
  }

  /// One small tensor, one of several windows, and what maps make of both.
  private func stateDict() throws -> StateDict {
    func inParts(_ count: Int) throws -> Tensor {
      let plain = try floats((0..<count).map(Float.init), [count / 4, 4])
      return Tensor(
        elementType: .float32, geometry: plain.geometry,
        storage: Storage(computed: InParts(tensor: plain), like: plain.storage), requiresGrad: false)
    }
    let (small, large) = (try inParts(64), try inParts(1 << 20))
    let rows = [TensorChunk(offsets: [0, 0], tensor: small), TensorChunk(offsets: [16, 0], tensor: large)]
    let joined = try Tensor.assembled(rows, [16 + (1 << 18), 4], .float32, like: small.storage, false, "joined")
    return try StateDict([
      ("small", small), ("large", large), ("cast", large.converted(to: .bfloat16)), ("turned", large.permuted([1, 0])),
      ("joined", joined), ("both", large.permuted([1, 0]).converted(to: .float16)),
    ])
  }

  @Test("no format is written from more than windows", arguments: ["m.swt", "m.pth", "m.npz", "m.safetensors"])
  func written(name: String) throws {
    let folder = try TemporaryFolder()
    let report = try stateDict().write(toPath: folder.path(name), options: WriteOptions(leavesOutUnsupported: true))
    // numpy has no bfloat16.
    #expect(report.written.count == (name == "m.npz" ? 5 : 6))
  }

  @Test("reports need no more than windows")
  func reported() throws {
    let stateDict = try stateDict()
    #expect(try stateDict.difference(from: stateDict).isEmpty)
    #expect(try stateDict.fingerprint().tensors.count == 6)
    for (_, tensor) in stateDict { #expect(try tensor.statistics.count == tensor.elementCount) }
  }
}
