import StateDicts
import Testing

@testable import TorchCheckpoints

/// Which value of a checkpoint is the state dict, and what is said of the rest.
struct ChoosingTests {
  private typealias Make = PickleBytes

  private static let weights = Make.dict(("fc.weight", Make.floats()), ("fc.bias", Make.floats("1")))
  private static let scalar = Make.floats(count: 1, size: Make.tuple(), stride: Make.tuple())
  private static let rows = Make.floats(class: "ByteStorage")

  private func open(_ instructions: [UInt8]) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(FileBytes.torch(instructions, storages: ["0", "1"].map { ($0, FileBytes.floats(8)) }))
  }

  private func keys(_ instructions: [UInt8]) throws -> [String] {
    guard case .pickled(let values) = try open(instructions).contents.values else { return [] }
    return StateDictSearch.candidates(in: values).map(\.key)
  }

  @Test(
    "two state dicts under any keys are both named, with their counts, and neither is chosen",
    arguments: [("model", "likelihood"), ("generator", "discriminator"), ("a", "b"), ("actor", "0")])
  func two(_ first: String, _ second: String) throws {
    let checkpoint = try open(
      Make.dict((first, Self.weights), ("epoch", Make.small(1)), (second, Make.dict(("x.w", Make.floats())))))
    let error = #expect(throws: CheckpointError(.ambiguousStateDict, "")) { try checkpoint.stateDict() }
    #expect(error?.message == "There are 2 state dicts: \(first) (2 tensors), \(second) (1 tensor).")
    #expect(error?.remedy?.contains("--key \(first)") == true)
    let chosen = try checkpoint.stateDict(key: second)
    #expect(chosen.names == ["x.w"] && chosen.originalNames == ["\(second).x.w"])
    #expect(chosen.metadata.leftOut.map(\.name) == ["\(first).fc.weight", "\(first).fc.bias"])
    #expect(chosen.metadata.leftOut.allSatisfy { $0.key == first })
  }

  @Test(
    "what training keeps under its own keys is no state dict, and is reported",
    arguments: [
      "optimizer", "optimizer_states", "optimizerG", "optim", "Optimizers", "lr_schedulers", "scheduler2",
      "grad_scaler",
      "callbacks", "loops", "rng_state", "cuda_rng_state_all", "torch-rng",
    ])
  func training(_ key: String) throws {
    let stateDict = try open(Make.dict((key, Self.weights), ("net", Self.weights))).stateDict()
    #expect(stateDict.metadata.source?.key == "net")
    #expect(stateDict.metadata.leftOut.map(\.key) == [key, key])
    #expect(stateDict.metadata.leftOut.map(\.name) == ["\(key).fc.weight", "\(key).fc.bias"])
  }

  @Test("an optimizer's state is known under any key; words that only contain another are not")
  func optimizerByForm() throws {
    let optimizer = Make.dict(("state", Make.dict(("m", Make.floats()))), ("param_groups", Make.list()))
    #expect(try keys(Make.dict(("net", Self.weights), ("opt", optimizer))) == ["net"])
    #expect(try keys(Make.dict(("net", Self.weights), ("rescalers", Self.weights))) == ["net", "rescalers"])
  }

  @Test("mappings of scalars or of rows of bytes are no state dicts")
  func scalars() throws {
    for value in [Self.scalar, Self.rows] {
      let metrics = Make.dict(("a", value), ("b", value))
      #expect(try keys(Make.dict(("state_dict", Self.weights), ("metrics", metrics))) == ["state_dict"])
      #expect(try keys(Make.dict(("best", value), ("state_dict", Self.weights))) == ["state_dict"])
      #expect(try open(metrics).stateDict().names == ["a", "b"])
    }
  }

  @Test("nested modules are one state dict, by their paths")
  func nestedModules() throws {
    let layer = Make.dict(("weight", Make.floats()), ("bias", Make.floats("1")))
    let nested = Make.dict(("layer1", layer), ("layer2", Make.dict(("inner", layer))))
    let names = ["layer1.weight", "layer1.bias", "layer2.inner.weight", "layer2.inner.bias"]
    #expect(try open(nested).stateDict().names == names)
    let beside = try open(Make.dict(("state", nested), ("optimizer", Make.dict(("x", Make.floats())))))
    #expect(try beside.stateDict().names == names && beside.stateDictKey == "state")
    // Under a usual key, whatever the parts are.
    #expect(
      try keys(Make.dict(("model", Make.dict(("encoder", Self.weights), ("decoder", Self.weights))))) == ["model"])
    #expect(try keys(Make.dict(("model", Make.dict(("generator", Self.weights), ("d", Self.weights))))).count == 2)
    // What training keeps is left out inside it too.
    let mixed = try open(Make.dict(("w", Make.floats()), ("sub", layer), ("optimizer", Self.weights))).stateDict()
    #expect(mixed.names == ["w", "sub.weight", "sub.bias"])
    #expect(mixed.metadata.leftOut.map(\.key) == ["optimizer", "optimizer"])
  }

  @Test("tensors beside a state dict under its usual key are reported one by one")
  func looseTensors() throws {
    let stateDict = try open(
      Make.dict(("mean", Make.floats()), ("state_dict", Self.weights), ("std", Make.floats("1")))
    ).stateDict()
    #expect(stateDict.names == ["fc.weight", "fc.bias"])
    #expect(stateDict.metadata.leftOut.map(\.name) == ["mean", "std"])
    #expect(stateDict.metadata.leftOut.map(\.key) == ["mean", "std"])
  }

  @Test("state dicts in lists and in objects are found")
  func lists() throws {
    #expect(try keys(Make.list(Self.weights, Make.dict(("lr", Make.small(1))))) == ["0"])
    #expect(try keys(Make.list(Self.weights, Self.weights)) == ["0", "1"])
    let object = Make.object("my", "Trainer", state: Make.dict(("net", Self.weights), ("optimizer", Self.weights)))
    #expect(try keys(object) == ["net"])
  }

  @Test("a value that contains itself, or many times another, is searched once")
  func shared() throws {
    let doubled = (0..<60).reduce(Self.weights + bytes("q\u{0}")) { value, _ in value + bytes("0(h\u{0}h\u{0}lq\u{0}") }
    #expect(try keys(doubled).count == 1)
    let itself = [bytes("}q\u{0}("), Make.text("self"), bytes("h\u{0}"), Make.text("net"), Self.weights, bytes("u")]
    #expect(try keys(Array(itself.joined())) == ["net"])
  }

  @Test("what is listed under another path, since the file shares it, is known by that name")
  func sharedNames() throws {
    let checkpoint = try open(
      Make.dict(("model", Self.weights + bytes("q\u{0}")), ("state_dict", bytes("h\u{0}"))))
    let stateDict = try checkpoint.stateDict(key: "state_dict")
    #expect(stateDict.originalNames == ["model.fc.weight", "model.fc.bias"])
    #expect(stateDict.metadata.leftOut.isEmpty)
  }

  @Test("a tensor outside that no format can express does not stop a conversion")
  func unsupportedOutside() throws {
    let complex = Make.floats(count: 1, class: "ComplexDoubleStorage")
    let folder = try TemporaryFolder()
    let stateDict = try open(Make.dict(("net", Self.weights), ("optimizer", Make.dict(("x", complex))))).stateDict()
    let report = try stateDict.write(toPath: folder.path("m.swt"))
    #expect(report.written == ["fc.weight", "fc.bias"])
    #expect(report.leftOut.map(\.name) == ["optimizer.x"])
  }
}
