import ModelParameters
import StateDicts
import Testing

@Suite struct PrefixTests {
  private let registry = ParameterRegistry(of: Tiny.self, 2)
  private let exact = Tiny.exact

  @Test(
    "a prefix that all names share is stripped where the match is then exact",
    arguments: ["module.", "model.", "_orig_mod.", "_orig_mod.module.", "student.encoder."])
  func prefix(text: String) throws {
    let weights = try StateDict(
      exact.map { (name: text + $0.key, tensor: Tensor(shapeOnly: $0.value, elementType: .float32)) })
    let match = registry.match(weights)
    #expect(match.isExact)
    #expect(match.prefix?.text == text)
    #expect(match.prefix?.isStripped == true)
    #expect(match.bound.first?.source == text + "conv.0.weight")
    let kept = registry.match(weights, options: MatchOptions(prefix: .keep))
    #expect(!kept.isExact && kept.prefix?.isStripped == false)
    #expect(kept.hints.contains { $0.contains(text) })
  }

  @Test("wrappers within a name are taken out too")
  func innerWrapper() throws {
    let weights = try StateDict(
      shapes: [
        "conv._orig_mod.0.weight": [4, 3, 1, 1], "bn.running_mean": [4], "fc._orig_mod.weight": [2, 4],
        "fc._orig_mod.bias": [2],
      ])
    #expect(registry.match(weights).isExact)
  }

  @Test("a prefix is only reported where the match would not be exact, and stripped when that is asked for")
  func prefixOnRequest() throws {
    let weights = try StateDict(shapes: [
      "model.conv.0.weight": [4, 3, 1, 1], "model.fc.weight": [2, 4], "loss.weight": [3],
    ])
    #expect(registry.match(weights).prefix?.isStripped == false)
    #expect(registry.match(weights).bound.isEmpty)
    let stripped = registry.match(weights, options: MatchOptions(prefix: .strip))
    #expect(stripped.bound.count == 2)
    #expect(stripped.missing == ["bn.running_mean", "fc.bias"])
    #expect(stripped.unexpected == ["loss.weight"])
  }

  @Test("the versions of modules are found beneath a prefix")
  func prefixedVersion() throws {
    var weights = try StateDict(
      shapes: [
        "module.conv.weight": [4, 3, 1, 1], "module.bn.running_mean": [4], "module.fc.weight": [2, 4],
        "module.fc.bias": [2],
      ])
    #expect(registry.match(weights).isExact)
    weights.metadata.modules = [.init("module", .object([.init("version", .integer(2))]))]
    #expect(!registry.match(weights).isExact)
  }
}
