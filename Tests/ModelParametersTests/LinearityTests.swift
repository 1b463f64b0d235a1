import ModelParameters
import StateDicts
import Testing

/// Names can be as many and as long as a file holds, so that no step of a match may take their square.
///
/// Counted are the bytes of names that a match looks at, which is the same on every machine.
@Suite struct LinearityTests {
  /// How the names of the state dict differ from the registry's.
  enum Difference: CaseIterable {
    case none, prefix, wrapped, twoBranches, renamedBranch, otherNames, otherShapes
  }

  private func work(_ count: Int, _ difference: Difference) throws -> Int {
    let names = (0..<count).map { "stage\($0 % 8).block\($0 / 80).layer\($0 / 8 % 10).weight" }
    let registry = try ParameterRegistry(names.map { ParameterSpec($0, shape: [4, 4]) })
    let weights = try StateDict(
      names.flatMap { name in
        let changed =
          switch difference {
          case .none, .otherShapes: [name]
          case .prefix: ["module." + name, "module.extra." + name]
          case .wrapped: ["net._orig_mod." + name.replacing("layer", with: "_orig_mod.layer")]
          case .twoBranches: ["teacher." + name, "student." + name]
          case .renamedBranch: [name.replacing("stage", with: "part")]
          case .otherNames: [String(name.reversed())]
          }
        let shape = difference == .otherShapes ? [5, 4] : [4, 4]
        return changed.map { (name: $0, tensor: Tensor(shapeOnly: shape, elementType: .float32)) }
      })
    return registry.match(weights).work
  }

  @Test("sixteen times the names take some sixteen times the work", arguments: Difference.allCases)
  func manyNames(difference: Difference) throws {
    let few = try work(40, difference)
    let many = try work(640, difference)
    #expect(few > 0)
    #expect(many < few * 20)
  }

  /// Each component of a name, and how the name ends.
  enum Dots: String, CaseIterable {
    case unknown = "a."
    case knownTail = "weight."
    case wrapper = "module."
    case empty = "."
  }

  @Test(
    "a name sixteen times as long takes some sixteen times the work, however many dots it has", arguments: Dots.allCases
  )
  func longName(dots: Dots) throws {
    let nested = (1...12).map { String(repeating: "weight.", count: $0) + "weight" }
    let registry = try ParameterRegistry((nested + ["fc.weight", "bias"]).map { ParameterSpec($0, shape: [4]) })
    let works = try [500, 8000].map { count in
      let name = String(repeating: dots.rawValue, count: count) + "weight"
      return try registry.match(StateDict(shapes: [name: [4], "other": [4]])).work
    }
    #expect(works[0] > 0)
    #expect(works[1] < works[0] * 20)
  }
}
