import Foundation
import ModelParameters
import StateDicts
import Testing

@Suite struct RegistryCodingTests {
  @Test("a registry comes back from JSON with former names, versions and what it ignores")
  func roundTrip() throws {
    let registry = try ParameterRegistry([
      ParameterSpec(
        "fpn.0.0.weight", shape: [2, 3],
        formerNames: [FormerName("fpn.0.weight", before: LayoutVersion(2, of: "fpn")), FormerName("pyramid.weight")]),
      ParameterSpec("bn.running_var", shape: [2], role: .buffer),
      ParameterSpec("bn.num_batches_tracked", shape: [], elementType: nil, role: .ignored),
      ParameterSpec("count", shape: [], elementType: .int64, role: .buffer, since: LayoutVersion(2, of: "")),
    ]).freezing(.freezing("fpn.*"))
    #expect(try JSONDecoder().decode(ParameterRegistry.self, from: JSONEncoder().encode(registry)) == registry)
  }

  @Test("its rows are torch's state dict: name, shape, role, trainable")
  func rows() throws {
    struct Row: Decodable, Equatable {
      let name: String
      let shape: [Int]
      let role: String
      let trainable: Bool
    }
    let registry = try ParameterRegistry([
      ParameterSpec("w", shape: [1, 2]), ParameterSpec("m", shape: [1], role: .buffer),
      ParameterSpec("n", shape: [], elementType: nil, role: .ignored),
    ])
    #expect(
      try registry.json([Row].self) == [
        Row(name: "w", shape: [1, 2], role: "parameter", trainable: true),
        Row(name: "m", shape: [1], role: "buffer", trainable: false),
      ])
  }

  /// What `model.parameters().flattened()` of an MLX model gives, written down as names and shapes.
  private let mlxParameters = """
    [
      {"name": "conv1.weight", "shape": [64, 7, 7, 3]},
      {"name": "fc.weight", "shape": [10, 64], "dtype": "float32"},
      {"name": "fc.bias", "shape": [10]}
    ]
    """

  @Test("an MLX model's flattened parameters are held against a checkpoint, and a convolution's layout is told")
  func mlx() throws {
    let registry = try JSONDecoder().decode(ParameterRegistry.self, from: Data(mlxParameters.utf8))
    let checkpoint = try StateDict(shapes: ["conv1.weight": [64, 3, 7, 7], "fc.weight": [10, 64], "fc.bias": [10]])
    let match = registry.match(checkpoint)
    #expect(match.bound.map(\.name) == ["fc.weight", "fc.bias"])
    #expect(match.mismatched.map(\.likelyPermutation) == [[0, 2, 3, 1]])
    #expect(match.hints == ["conv1.weight looks transposed: its axes in the order [0, 2, 3, 1] would match."])
  }

  @Test("an object from names to shapes is a registry too")
  func object() throws {
    let registry = try JSONDecoder().decode(ParameterRegistry.self, from: Data(#"{"b": [2], "a": []}"#.utf8))
    #expect(registry.specs.map(\.name) == ["a", "b"])
    #expect(registry.specs.allSatisfy { $0.elementType == nil && $0.role == .parameter })
  }

  @Test("a name that comes twice is refused")
  func duplicate() {
    #expect(throws: ParameterError(.duplicateName, "")) {
      try ParameterRegistry([ParameterSpec("a", shape: []), ParameterSpec("a", shape: [1])])
    }
  }
}
