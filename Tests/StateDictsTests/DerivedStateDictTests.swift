import StateDicts
import Testing

/// What a state dict takes with it when another is made of it.
struct DerivedStateDictTests {
  private func composed() throws -> StateDict {
    let indices = try Composition.Component("indices", tensor(.int64, [1, 1], littleEndian([Int64(0)])))
    let values = try Composition.Component("values", floats([1]))
    let sparse = try Tensor(
      Composition(.sparseCOO, components: [indices, values]), elementType: .float32,
      geometry: TensorGeometry(stated: [2]), origin: .memory, requiresGrad: true)
    var stateDict = try StateDict([("net.w", sparse), ("net.b", floats([1, 2])), ("head", floats([3]))])
    stateDict.metadata.source = Provenance(name: "m.pth", byteCount: 1, format: .zip)
    stateDict.metadata.otherValues = ["epoch": .integer(3)]
    stateDict.metadata.annotations = [
      "frozen": .array([.string("net.w"), .string("head")]), "model": .string("tiny"),
    ]
    stateDict.metadata.modules = ["": .object([:]), "net": .object(["version": .integer(2)])]
    return stateDict
  }

  @Test("renamed after it was decomposed, it still says how its tensors fit, under the new names")
  func decomposedAndRenamed() throws {
    let renamed = try composed().decomposed().mapNames { $0.hasPrefix("net.") ? "body." + $0.dropFirst(4) : $0 }
    #expect(renamed.names == ["body.w.indices", "body.w.values", "body.b", "head"])
    let said = try #require(renamed.metadata.compositions.first)
    #expect(said.name == "body.w")
    #expect(said.value["components"]?["values"] == .string("body.w.values"))
    #expect(said.value["requires_grad"] == .bool(true))
    #expect(
      renamed.metadata.annotations == [
        "frozen": .array([.string("body.w.indices"), .string("body.w.values"), .string("head")]),
        "model": .string("tiny"),
      ])
    #expect(renamed.metadata.modules.map(\.name) == ["", "body"])
    #expect(renamed.metadata.otherValues == ["epoch": .integer(3)])
    #expect(renamed.metadata.source?.name == "m.pth")
    #expect(renamed.originalNames == ["net.w", "net.w", "net.b", "head"])
  }

  @Test("filtered, it keeps its metadata, without the names that were left out")
  func filtered() throws {
    let parts = try composed().decomposed()
    #expect(parts.filter { $0.name != "head" }.metadata.compositions.count == 1)
    let rest = parts.filter { $0.name != "net.w.values" && $0.name != "head" }
    #expect(rest.names == ["net.w.indices", "net.b"])
    // Without its values the sparse tensor cannot be put together.
    #expect(rest.metadata.compositions.isEmpty)
    #expect(rest.metadata.annotations["frozen"] == ["net.w.indices"])
    #expect(rest.metadata.otherValues == ["epoch": .integer(3)])
  }

  @Test("of two modules whose paths become one, the one whose tensors these are is kept")
  func dataParallel() throws {
    var stateDict = try StateDict([("module.conv.weight", floats([1]))])
    func version(_ number: Int) -> JSONValue { .object(["version": .integer(number)]) }
    stateDict.metadata.modules = ["": version(1), "module": version(2), "module.conv": version(3)]
    let plain = try stateDict.mapNames { $0.hasPrefix("module.") ? String($0.dropFirst(7)) : $0 }
    #expect(plain.metadata.modules == ["": version(2), "conv": version(3)])
  }

  @Test("merged with another, it has the tensors of both; two tensors of one name are refused")
  func merged() throws {
    let merged = try composed().merging(StateDict([("tail", floats([4, 5]))]))
    #expect(merged.names == ["net.w", "net.b", "head", "tail"])
    #expect(merged.metadata.annotations == (try composed().metadata.annotations))
    #expect(throws: CheckpointError(.nameCollision, "")) { try composed().merging(composed()) }
  }

  @Test("as a dictionary it has each tensor by its name; parameters of ties are counted once")
  func dictionary() throws {
    let weight = try floats([1, 2, 3])
    let stateDict = try StateDict([("a", weight), ("b", floats([4])), ("c", weight)])
    #expect(stateDict.dictionary.keys.sorted() == ["a", "b", "c"])
    #expect(try stateDict.dictionary["b"].map { try [Float]($0) } == [4])
    #expect(stateDict.parameterCount == 4)
  }

  @Test("two names that become one are refused")
  func collision() throws {
    #expect(throws: CheckpointError(.nameCollision, "")) { try composed().mapNames { _ in "w" } }
  }
}
