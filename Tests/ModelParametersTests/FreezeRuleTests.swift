import Foundation
import ModelParameters
import StateDicts
import Testing

@Suite struct FreezeRuleTests {
  private let registry: ParameterRegistry

  init() throws {
    registry = try ParameterRegistry([
      ParameterSpec("stem.weight", shape: [1]), ParameterSpec("stem.running_mean", shape: [1], role: .buffer),
      ParameterSpec("body.0.weight", shape: [1]), ParameterSpec("body.1.weight", shape: [1]),
      ParameterSpec("head.weight", shape: [1]), ParameterSpec("head.bias", shape: [1]),
    ])
  }

  @Test("the last step that fits a name decides, so that parts can be unfrozen")
  func order() {
    let rule = FreezeRule.freezing("*").training("head.*").freezing("*.bias")
    #expect(registry.freezing(rule).trainableNames == ["head.weight"])
  }

  @Test("a rule is applied to what an earlier one left")
  func after() {
    let frozen = registry.freezing(.freezing("*"))
    #expect(frozen.trainableNames.isEmpty)
    #expect(frozen.freezing(.training("body.1.*")).trainableNames == ["body.1.weight"])
  }

  @Test("a buffer never trains, whatever a rule says")
  func buffers() {
    #expect(registry.freezing(.training("*"))["stem.running_mean"]?.isTrainable == false)
  }

  @Test("a pattern that fits nothing is told")
  func withoutEffect() {
    #expect(registry.patternsWithoutEffect(of: .freezing("stem.*", "stam.*")) == ["stam.*"])
  }

  @Test("a rule is data: it prints, and comes back from JSON")
  func data() throws {
    let rule = FreezeRule.freezing("body.*", "stem.*").training("body.1.*")
    #expect(rule.description == "freeze body.*, stem.*\ntrain body.1.*")
    #expect(try JSONDecoder().decode(FreezeRule.self, from: JSONEncoder().encode(rule)) == rule)
  }

  @Test("stages are counted from the end, and another number is refused with the range")
  func stages() throws {
    let stages: [[NamePattern]] = [["head.*"], ["body.*"], ["stem.*"]]
    #expect(try registry.freezing(.stages(trainable: 1, of: stages)).trainableNames == ["head.weight", "head.bias"])
    #expect(try FreezeRule.stages(trainable: 3, of: stages).steps.isEmpty)
    let error = #expect(throws: ParameterError.self) { try FreezeRule.stages(trainable: 4, of: stages) }
    #expect(error?.message == "The number of trainable layers must be 0 to 3, not 4.")
  }

  @Test("names come out by module, with keys that are local to it")
  func groups() {
    let frozen = registry.freezing(.freezing("head.*", "body.0.*"))
    #expect(
      frozen.frozenKeys == [
        ModuleKeys(module: "body.0", keys: ["weight"]), ModuleKeys(module: "head", keys: ["weight", "bias"]),
      ])
  }

  @Test("roles and what trains come back from a state dict's annotations")
  func annotated() throws {
    let frozen = registry.freezing(.freezing("body.*"))
    var weights = try StateDict(
      registry.specs.map { (name: $0.name, tensor: Tensor(shapeOnly: $0.shape, elementType: .float32)) })
    #expect(ParameterRegistry(annotationsOf: weights) == nil)
    weights.metadata.annotations = frozen.annotations(naming: "net")
    let read = try #require(ParameterRegistry(annotationsOf: weights))
    #expect(read == frozen)
    #expect(read.model == "net")
  }

  @Test("what a .swt file keeps of a model: its name, its buffers, what is frozen")
  func annotations() {
    let members = registry.named("net").freezing(.freezing("body.*")).annotations()
    #expect(members.map(\.name) == ["model", "buffers", "ignored", "frozen"])
    #expect(members[1].value == .array([.string("stem.running_mean")]))
    #expect(members[3].value == .array([.string("body.0.weight"), .string("body.1.weight")]))
  }
}
