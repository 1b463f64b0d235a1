import Foundation
import StateDicts
import Testing

@testable import TorchCheckpoints

/// Where the state dict is in a checkpoint, and how a caller names it.
struct FindingTests {
  private typealias Make = PickleBytes

  private func open(_ instructions: [UInt8]) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(FileBytes.torch(instructions, storages: ["0", "1"].map { ($0, FileBytes.floats(8)) }))
  }

  private static let weights = Make.dict(("w", Make.floats()), ("b", Make.floats("1")))

  @Test("it is found at the top")
  func top() throws {
    let checkpoint = try open(Self.weights)
    let stateDict = try checkpoint.stateDict()
    #expect(stateDict.names == ["w", "b"])
    #expect(checkpoint.stateDictKey == nil)
    #expect(try [Float](#require(stateDict["w"])) == [0, 1])
    #expect(stateDict.metadata.source?.format == .zip)
    #expect(stateDict.metadata.source?.marks["version"] == "3")
  }

  @Test(
    "it is found under each of the usual keys, and what lies beside it is kept",
    arguments: StateDictSearch.usualKeys.sorted())
  func usualKey(_ key: String) throws {
    let checkpoint = try open(
      Make.dict(("epoch", Make.small(12)), (key, Self.weights), ("args", Make.dict())))
    let stateDict = try checkpoint.stateDict()
    #expect(stateDict.names == ["w", "b"])
    #expect(checkpoint.stateDictKey == key)
    #expect(stateDict.metadata.otherValues == ["epoch": .integer(12), "args": .object([:])])
  }

  @Test("it is found under a usual key within a usual key")
  func nested() throws {
    let checkpoint = try open(Make.dict(("model", Make.dict(("ema", Self.weights), ("step", Make.small(1))))))
    #expect(checkpoint.stateDictKey == "model.ema")
    #expect(try checkpoint.stateDict().names == ["w", "b"])
  }

  @Test("where two fit, the error names both and how to choose; a key chooses")
  func ambiguous() throws {
    let checkpoint = try open(Make.dict(("ema", Self.weights), ("net", Make.dict(("v", Make.floats("1"))))))
    let error = #expect(throws: CheckpointError(.ambiguousStateDict, "")) { try checkpoint.stateDict() }
    #expect(error?.message == "There are 2 state dicts: ema (2 tensors), net (1 tensor).")
    #expect(error?.remedy == #"select one with --key ema (key: "ema")"#)
    #expect(try checkpoint.stateDict(key: "net").names == ["v"])
    #expect(try checkpoint.stateDict(key: "ema").names == ["w", "b"])
    #expect(checkpoint.stateDictKey == nil)
  }

  @Test("one value under two keys is no second state dict")
  func shared() throws {
    let checkpoint = try open(
      Make.dict(("model", Self.weights + bytes("q\u{0}")), ("state_dict", bytes("h\u{0}"))))
    #expect(try checkpoint.stateDict().names == ["w", "b"])
    #expect(checkpoint.tensors.map(\.name) == ["model.w", "model.b"])
  }

  @Test("a mapping of no tensors under a usual key is none")
  func emptyCandidate() throws {
    let checkpoint = try open(Make.dict(("model", Make.dict(("a", Make.small(1)))), ("net", Self.weights)))
    #expect(checkpoint.stateDictKey == "net")
  }

  @Test("it is found under a key of any name, and what is beside it is reported")
  func paths() throws {
    let checkpoint = try open(
      Make.dict(("actor", Self.weights), ("steps", Make.list(Make.floats(), Make.small(5), Make.floats("1")))))
    let stateDict = try checkpoint.stateDict()
    #expect(stateDict.names == ["w", "b"])
    #expect(stateDict.originalNames == ["actor.w", "actor.b"])
    #expect(stateDict.metadata.source?.key == "actor")
    let reason = "not in the state dict under actor; use --key steps"
    #expect(
      stateDict.metadata.leftOut == [
        LeftOut("steps.0", reason: reason, key: "steps"), LeftOut("steps.2", reason: reason, key: "steps"),
      ])
    #expect(try checkpoint.stateDict(key: ".").names == ["actor.w", "actor.b", "steps.0", "steps.2"])
    #expect(try checkpoint.stateDict(key: "steps").names == ["0", "2"])
    #expect(try checkpoint.stateDict(key: "steps.2").names == ["tensor"])
    #expect(try checkpoint.stateDict(key: "actor").names == ["w", "b"])
  }

  @Test("a key path may hold keys that have dots of their own, and a whole key goes before a path")
  func dots() throws {
    let checkpoint = try open(
      Make.dict(
        ("a.b", Make.dict(("c", Make.dict(("whole", Make.floats()))))),
        ("a", Make.dict(("b", Make.dict(("path", Make.floats()))), ("x.y", Make.dict(("z.z", Self.weights)))))))
    #expect(try checkpoint.stateDict(key: "a.b").names == ["c.whole"])
    #expect(try checkpoint.stateDict(key: "a.b.c").names == ["whole"])
    #expect(try checkpoint.stateDict(key: "a.x.y.z.z").names == ["w", "b"])
    #expect(try checkpoint.stateDict(key: "a.x.y").names == ["z.z.w", "z.z.b"])
  }

  @Test("a key that leads nowhere is refused, and the error says which keys there are")
  func nowhere() throws {
    let checkpoint = try open(Make.dict(("actor", Self.weights), ("epoch", Make.small(1))))
    let error = #expect(throws: CheckpointError(.noStateDict, "")) { try checkpoint.stateDict(key: "critic") }
    #expect(error?.message == "Key not found: critic. The file has: actor, epoch.")
    for key in ["actor.q", "actor.w.x", "epoch", "", "actor.", "steps.-1", "actor..w"] {
      #expect(throws: CheckpointError(.noStateDict, "")) { try checkpoint.stateDict(key: key) }
    }
  }

  @Test("a list's index is a key, and one beyond its end leads nowhere")
  func indices() throws {
    let checkpoint = try open(Make.list(Make.floats(), Self.weights))
    #expect(try checkpoint.stateDict(key: "1").names == ["w", "b"])
    for key in ["2", "-1", "x", "99999999999999999999"] {
      #expect(throws: CheckpointError(.noStateDict, "")) { try checkpoint.stateDict(key: key) }
    }
  }

  @Test("two paths that join to one name are both listed, and refused where names must be one")
  func collision() throws {
    let checkpoint = try open(
      Make.dict(("a", Make.dict(("b", Make.floats()))), ("a.b", Make.floats("1"))))
    #expect(checkpoint.tensors.map(\.name) == ["a.b", "a.b"])
    let error = #expect(throws: CheckpointError(.nameCollision, "")) { try checkpoint.stateDict() }
    #expect(error?.message.contains("a.b") == true)
    #expect(error?.remedy?.contains("--key") == true)
    #expect(try checkpoint.stateDict(key: "a").names == ["b"])
    let report = try checkpoint.inspect()
    #expect(report.notes == ["Duplicate tensor name a.b, which cannot be converted."])
  }

  @Test("keys of any kind give names as Python's str would, in the order of the file")
  func anyKeys() throws {
    let keys = [
      Make.small(7), Make.none, Make.yes, Make.float(1.5), bytes("K\u{1}U\u{1}a\u{86}"), Make.integer(-1),
    ]
    let checkpoint = try open(bytes("}(") + keys.flatMap { $0 + Make.floats() } + bytes("u"))
    #expect(try checkpoint.stateDict().names == ["7", "None", "True", "1.5", "(1, 'a')", "-1"])
  }

  @Test("a file without a tensor has no state dict, an empty dict is an empty one")
  func nothing() throws {
    #expect(throws: CheckpointError(.noStateDict, "")) { try open(Make.dict(("epoch", Make.small(1)))).stateDict() }
    #expect(try open(Make.dict()).stateDict().isEmpty)
    #expect(throws: CheckpointError(.noStateDict, "")) { try open(Make.dict(("m", Make.dict()))).stateDict(key: "q") }
  }

  @Test("a tensor by itself has a name")
  func tensorAlone() throws {
    #expect(try open(Make.floats()).stateDict().names == ["tensor"])
  }

  @Test("one tensor under two names is tied, and so are two views that are the same")
  func ties() throws {
    let checkpoint = try open(
      Make.dict(
        ("a", Make.floats() + bytes("q\u{0}")), ("b", bytes("h\u{0}")), ("c", Make.floats()),
        ("d", Make.floats(size: Make.numbers(1)))))
    // Each persistent id names the storage anew, and it is one storage.
    #expect(try checkpoint.stateDict().ties == [["a", "b", "c"]])
  }

  @Test("the versions of a module's layout are kept")
  func moduleMetadata() throws {
    let checkpoint = try Checkpoint(path: ExpectedRow.fixtures.appending(path: "fixtures/state_dicts/module.pth").path)
    let stateDict = try checkpoint.stateDict()
    #expect(stateDict.metadata.modules.map(\.name) == ["", "conv", "bn", "head", "head.0", "head.1"])
    #expect(stateDict.metadata.modules.first { $0.name == "bn" }?.value["version"] == .integer(2))
  }
}
