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

  @Test("wrappers within names are taken out beneath a prefix too")
  func innerWrapperAndPrefix() throws {
    let weights = try StateDict(
      shapes: [
        "model.conv._orig_mod.0.weight": [4, 3, 1, 1], "model.bn.running_mean": [4],
        "model.fc._fsdp_wrapped_module.weight": [2, 4], "model.fc._fsdp_wrapped_module.bias": [2],
      ])
    let match = registry.match(weights)
    #expect(match.isExact)
    #expect(match.prefix?.isStripped == true)
    #expect(match.bound.first?.source == "model.conv._orig_mod.0.weight")
  }

  @Test("branches that fit equally well are all named, and none is stripped by itself")
  func equalBranches() throws {
    let branch: [(String, [Int])] = [
      ("conv.0.weight", [4, 3, 1, 1]), ("bn.running_mean", [4]), ("fc.weight", [2, 4]),
    ]
    let weights = try StateDict(
      ["encoder_q.", "encoder_k."].flatMap { head in
        branch.map { (name: "module." + head + $0, tensor: Tensor(shapeOnly: $1, elementType: .float32)) }
      })
    for policy in [MatchOptions.PrefixPolicy.ifExact, .strip] {
      let match = registry.match(weights, options: MatchOptions(prefix: policy))
      #expect(match.bound.isEmpty && match.prefix == nil)
      #expect(match.equalBranches.map(\.text) == ["module.encoder_q.", "module.encoder_k."])
      #expect(match.equalBranches.map(\.boundCount) == [3, 3])
      let fix = try #require(match.fix)
      #expect(
        fix.arguments == [
          "--rename", "module.encoder_q.*=*", "--allow-missing", "fc.bias", "--allow-unexpected", "module.encoder_k.*",
        ])
      #expect(fix.isEnough && fix.boundCount == 3)
      #expect(fix.alternatives == ["module.encoder_k.*=*"])
      let map = try KeyMap([fix.arguments[1]])
      #expect(registry.match(weights, options: MatchOptions(renaming: map)).bound.count == 3)
    }
  }

  @Test("names that are not needed do not count as names that fit")
  func ignoredNames() throws {
    let weights = try StateDict(
      shapes: [
        "m.conv.0.weight": [4, 3, 1, 1], "m.bn.running_mean": [4], "m.bn.num_batches_tracked": [],
        "m.fc.weight": [2, 4],
        "m.fc.bias": [2], "x": [1],
      ])
    let match = registry.match(weights)
    #expect(match.prefix?.boundCount == 4)
    #expect(match.hints == [#"4 of 4 tensors match without the prefix "m."."#])
    #expect(match.fix?.arguments == ["--strip-prefix", "--allow-unexpected", "x"])
  }

  @Test("a block that has some names of the model is no wrapping of it")
  func fewNamesInCommon() throws {
    let match = try registry.match(
      StateDict(shapes: ["block.1.fc.weight": [2, 4], "a.w": [1], "b.w": [1], "c.w": [1]]))
    #expect(match.prefix == nil && match.equalBranches.isEmpty)
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
    weights.metadata.modules = ["module": .object(["version": .integer(2)])]
    #expect(!registry.match(weights).isExact)
  }
}
