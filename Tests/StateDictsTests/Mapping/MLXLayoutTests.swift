import Foundation
import Testing

@testable import StateDicts

/// Layouts and dtypes for MLX, and back.
struct MLXLayoutTests {
  private func counted(_ shape: [Int]) throws -> Tensor {
    try floats((0..<shape.reduce(1, *)).map(Float.init), shape)
  }

  private func stateDict() throws -> StateDict {
    try StateDict([
      ("audio.weight", counted([4, 3, 2])), ("conv.weight", counted([4, 3, 2, 2])), ("conv.bias", counted([4])),
      ("volume.weight", counted([2, 3, 2, 2, 2])), ("up.weight", counted([4, 3, 2, 2])), ("up.bias", counted([3])),
      ("fc.weight", counted([3, 4])), ("position", counted([1, 3, 4])),
      ("scale", tensor(.float64, [2], littleEndian([1.0, 1 + 1e-12]))),
      ("small", tensor(.float8_e5m2, [2], [0x3C, 0x7B])),
    ])
  }

  @Test("without a registry, weights of three to five dimensions are convolutions, unless their bias says otherwise")
  func rule() throws {
    let source = try stateDict()
    let layout = try MLXLayout(source, convolutions: nil)
    #expect(layout.rows.map(\.name) == ["audio.weight", "conv.weight", "volume.weight", "up.weight", "scale", "small"])
    #expect(layout.rows[1].decision == "a convolution by rule: [4, 3, 2, 2] to [4, 2, 2, 3]")
    #expect(layout.rows[3].decision.hasPrefix("left as it is, [4, 3, 2, 2]: the bias [3] is not that of a convolution"))
    let made = try source.converted(to: layout)
    let shapes = Dictionary(uniqueKeysWithValues: made.map { ($0.name, $0.tensor.shape) })
    #expect(shapes["audio.weight"] == [4, 2, 3] && shapes["conv.weight"] == [4, 2, 2, 3])
    #expect(shapes["volume.weight"] == [2, 2, 2, 2, 3] && shapes["up.weight"] == [4, 3, 2, 2])
    #expect(made["scale"]?.elementType == .float32 && made["small"]?.elementType == .bfloat16)
    #expect(try Array([Float](#require(made["conv.weight"])).prefix(4)) == [0, 4, 8, 1])
    #expect(try [Float](#require(made["small"])) == [1, 57344])
  }

  @Test("a registry says which are convolutions, transposed ones too")
  func registry() throws {
    let source = try stateDict()
    let layout = try MLXLayout(
      source, convolutions: ["up.weight": .transposedConvolution, "conv.weight": .convolution])
    let made = try source.converted(to: layout)
    #expect(made["up.weight"]?.shape == [3, 2, 2, 4] && made["conv.weight"]?.shape == [4, 2, 2, 3])
    #expect(made["audio.weight"]?.shape == [4, 3, 2])
    #expect(try Array([Float](#require(made["up.weight"])).prefix(4)) == [0, 12, 24, 36])
  }

  @Test("what a map permutes is left alone, and what MLX has no dtype for is refused by name")
  func others() throws {
    let map = try TensorMap(parsing: #"[{"permute": "up.weight", "axes": [1, 2, 3, 0]}]"#)
    let permuted = try stateDict().converted(by: map).stateDict
    let layout = try MLXLayout(permuted, convolutions: nil)
    #expect(layout.rows.first { $0.name == "up.weight" }?.decision == "left as the map permutes it")
    #expect(try permuted.converted(to: layout)["up.weight"]?.shape == [3, 2, 2, 4])
    let complex = try StateDict([("c", tensor(.complex128, [1], [UInt8](repeating: 0, count: 16))), ("a", floats([1]))])
    let error = #expect(throws: CheckpointError.self) { try MLXLayout(complex, convolutions: nil) }
    #expect(error?.code == .unsupported && error?.details == ["c: left out: MLX has no complex128"])
    let rest = try complex.converted(to: MLXLayout(complex, convolutions: nil, leavesOutUnsupported: true))
    #expect(rest.names == ["a"] && rest.metadata.leftOut.map(\.name) == ["c"])
  }

  @Test("the map in the metadata restores torch's layouts and dtypes, and is gone then")
  func undone() throws {
    let source = try stateDict()
    #expect(try source.undoingMLX()?.names == nil)
    let folder = try TemporaryFolder()
    try source.converted(to: MLXLayout(source, convolutions: nil)).write(toPath: folder.path("mlx.safetensors"))
    let read = try StateDict(contentsOf: folder.url.appending(path: "mlx.safetensors"))
    let back = try #require(try read.undoingMLX())
    #expect(back.metadata.annotations["map"] == nil)
    for (name, tensor) in source {
      let other = try #require(back[name])
      #expect(other.elementType == tensor.elementType && other.shape == tensor.shape)
      if name != "scale" { #expect(try other.gathered == tensor.gathered, "\(name)") }
    }
    // What a float32 does not hold is lost.
    #expect(try [Double](#require(back["scale"])) == [1, 1])
  }
}
