import ModelParameters
import StateDicts
import Testing

@Suite struct LoadingTests {
  private let registry = ParameterRegistry(of: Tiny.self, 2)

  private func weights(classes: Int = 2) throws -> StateDict {
    let conv = (0..<12).map(Float.init)
    let bytes = conv.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    return try StateDict([
      (name: "conv.0.weight", tensor: Tensor(bytes, shape: [4, 3, 1, 1], as: .float32)),
      (name: "bn.running_mean", tensor: Tensor(Array(bytes[..<16]), shape: [4], as: .float32)),
      (
        name: "fc.weight",
        tensor: Tensor([UInt8](repeating: 0, count: 16 * classes), shape: [classes, 4], as: .float32)
      ),
      (name: "fc.bias", tensor: Tensor([UInt8](repeating: 0, count: 4 * classes), shape: [classes], as: .float32)),
    ])
  }

  @Test("a model is handed the state dict's tensors")
  func loads() throws {
    let model = try Tiny(2, loading: weights())
    #expect(try [Float](model.conv) == (0..<12).map(Float.init))
    #expect(model.weight.hasValues)
  }

  @Test("nothing is loaded where the match is not exact")
  func refusesToLoad() throws {
    let error = #expect(throws: MatchError.self) { try Tiny(2, loading: weights(classes: 3)) }
    #expect(error?.match.mismatched.map(\.name) == ["fc.weight", "fc.bias"])
    #expect(error?.match.missing == [] && error?.match.unexpected == [])
  }

  @Test("a model of another configuration is not loaded with the match")
  func otherConfiguration() throws {
    let match = try registry.match(weights())
    #expect(throws: ParameterError(.otherModel, "")) { try Tiny(3, loading: match) }
  }

  @Test("a tensor that may be missing has no values")
  func loadsPartly() throws {
    let partial = try StateDict(weights().filter { $0.name != "conv.0.weight" }.map { $0 })
    let match = registry.match(partial, options: MatchOptions(allowedMissing: ["conv.*"]))
    let model = try Tiny(2, loading: match)
    #expect(!model.conv.hasValues)
    #expect(throws: CheckpointError(.unsupported, "")) { try [Float](model.conv) }
  }
}
