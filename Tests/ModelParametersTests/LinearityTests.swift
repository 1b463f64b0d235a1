import ModelParameters
import StateDicts
import Testing

/// Names can be as many as a file holds, so that no step of a match may take their square.
@Suite(.serialized) struct LinearityTests {
  /// How the names of the state dict differ from the registry's.
  enum Difference: CaseIterable {
    case none, prefix, renamedBranch, otherNames, otherShapes
  }

  private func time(_ count: Int, _ difference: Difference) throws -> Duration {
    let names = (0..<count).map { "stage\($0 % 8).block\($0 / 80).layer\($0 / 8 % 10).weight" }
    let registry = try ParameterRegistry(names.map { ParameterSpec($0, shape: [4, 4]) })
    let weights = try StateDict(
      names.map { name in
        let changed =
          switch difference {
          case .none, .otherShapes: name
          case .prefix: "module." + name
          case .renamedBranch: name.replacing("stage", with: "part")
          case .otherNames: String(name.reversed())
          }
        let shape = difference == .otherShapes ? [5, 4] : [4, 4]
        return (name: changed, tensor: Tensor(shapeOnly: shape, elementType: .float32))
      })
    return (0..<3).map { _ in ContinuousClock().measure { _ = registry.match(weights) } }.min() ?? .zero
  }

  @Test("sixteen times the names take some sixteen times as long, not 256 times", arguments: Difference.allCases)
  func linear(difference: Difference) throws {
    let few = try time(250, difference)
    let many = try time(4000, difference)
    #expect(many < few * 100)
  }
}
