import StateDicts
import Testing

@testable import TorchCheckpoints

/// Names are made of keys that a pickle can use any number of times, so they are limited together.
struct NameBoundsTests {
  /// A list of one tensor, as often as wanted, under a key of some length.
  private func list(_ count: Int, under key: Int) -> [UInt8] {
    var items = bytes("](") + PickleBytes.vector + bytes("q\u{1}")
    for _ in 1..<count { items += bytes("h\u{1}") }
    return FileBytes.torch(PickleBytes.dict((String(repeating: "k", count: key), items + bytes("e"))))
  }

  @Test("a long key over a list that names one tensor many times is refused, by the length of all names")
  func longKey() throws {
    let error = #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(list(4000, under: 100_000)) }
    #expect(error?.message == "The names and sizes of the tensors have more than 67108864 bytes in total.")
    #expect(error?.remedy?.contains("--limit-factor") == true)
    #expect(try Checkpoint(list(400, under: 100_000)).tensors.count == 400)
  }

  @Test("so are long keys in long keys")
  func nestedKeys() throws {
    let key = String(repeating: "k", count: 50_000)
    var value = bytes("](") + PickleBytes.vector + bytes("q\u{1}")
    for _ in 0..<100 { value += bytes("h\u{1}") }
    value += bytes("e")
    for _ in 0..<20 { value = PickleBytes.dict((key, value)) }
    #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(FileBytes.torch(value)) }
  }

  /// A checkpoint with a tensor under `state_dict`, and a value beside it.
  private func beside(_ value: [UInt8]) throws -> StateDict {
    let stateDict = PickleBytes.dict(("w", PickleBytes.vector))
    return try Checkpoint(FileBytes.torch(PickleBytes.dict(("state_dict", stateDict), ("x", value)))).stateDict()
  }

  @Test(
    "mappings in keys of mappings end at the depth to which values are kept, and do not overflow the stack",
    arguments: [("ccollections\nOrderedDict\n)R", ""), ("}(((", "ttt")])
  func keysInKeys(opening: String, closing: String) throws {
    let count = 20_000
    let close = closing + "K\u{1}s"
    let innermost = closing.isEmpty ? opening : "N"
    let body = String(repeating: opening, count: count) + innermost + String(repeating: close, count: count)
    let others = try beside(bytes(body)).metadata.otherValues
    #expect(others["x"] != nil)
    let json = JSONValue.object(others)
    #expect(try JSONValue(parsing: json.text) == json)
  }

  @Test("a list that names one value millions of times is kept up to a number of values")
  func repeatedValues() throws {
    let list =
      bytes("K\u{7}q\u{1}0](") + [UInt8](repeating: 0, count: 300_000).flatMap { _ in bytes("h\u{1}") } + bytes("e")
    let items = try #require(try beside(list).metadata.otherValues["x"]?.arrayValue)
    #expect(items.count < 100_010)
    #expect(items.first == 7 && items.last?["$object"] == "…")
    // The state dict is found behind it.
    let stateDict = PickleBytes.dict(("w", PickleBytes.vector))
    let behind = try Checkpoint(FileBytes.torch(PickleBytes.dict(("x", list), ("state_dict", stateDict)))).stateDict()
    #expect(behind.names == ["w"] && behind.metadata.place != nil)
  }

  @Test(
    "values are counted as the JSON that they become, which is fewer than are read from metadata",
    arguments: [
      "K\u{7}", ")", "}", "}K\u{1}Ns", "G\u{7F}\u{F8}\0\0\0\0\0\0", "ccollections\nOrderedDict\n)R", "cm\nf\n)R",
      "(NNt",
    ])
  func jsonValues(unit: String) throws {
    let list =
      bytes(unit + "q\u{1}0](") + [UInt8](repeating: 0, count: 120_000).flatMap { _ in bytes("h\u{1}") } + bytes("e")
    func count(_ value: JSONValue) -> Int {
      switch value {
      case .array(let items): 1 + items.reduce(0) { $0 + count($1) }
      case .object(let members): 1 + members.reduce(0) { $0 + 1 + count($1.value) }
      default: 1
      }
    }
    let sum = count(.object(try beside(list).metadata.otherValues))
    #expect(sum > 10_000 && sum < 105_000)
  }

  @Test("what holds no tensor gets no name, however long its path is")
  func withoutTensors() throws {
    func steps(_ count: Int) throws -> Int {
      let lists = [UInt8](repeating: 0x5D, count: count)
      let key = String(repeating: "k", count: 10_000)
      let file = PickleBytes.whole(PickleBytes.dict((key, bytes("](") + lists + bytes("e"))))
      return try Work.steps { _ = try Checkpoint(file) }
    }
    let (few, many) = (try steps(1000), try steps(16_000))
    #expect(many < few * 20)
    #expect(many < 200_000)
  }

  @Test("tensors are limited in number, however few bytes name one")
  func tensorCount() throws {
    var limits = CheckpointLimits()
    limits.tensorCount = 10
    let options = CheckpointOptions(limits: limits)
    #expect(try Checkpoint(list(10, under: 3), options: options).tensors.count == 10)
    let error = #expect(throws: CheckpointError(.limitExceeded, "")) {
      try Checkpoint(list(11, under: 3), options: options)
    }
    #expect(error?.message == "The file has more than 10 tensors.")
  }

  @Test("one tensor may have 64 dimensions, as in torch, and not more")
  func rank() throws {
    func file(_ count: Int) -> [UInt8] {
      var sizes = bytes("(")
      for _ in 0..<count { sizes += PickleBytes.small(1) }
      sizes += bytes("t")
      return FileBytes.torch(
        PickleBytes.dict(("w", PickleBytes.tensor(PickleBytes.storage("0", count: 4), size: sizes, stride: sizes))))
    }
    #expect(try Checkpoint(file(64)).tensors[0].tensor.shape.count == 64)
    #expect(throws: CheckpointError(.malformedTensor, "")) { try Checkpoint(file(65)) }
  }

  @Test("a message shortens a name of a megabyte in the middle, with a count")
  func messages() throws {
    let name = String(repeating: "m", count: 1_000_000)
    let call = PickleBytes.call(PickleBytes.global(name, "system"))
    let file = PickleBytes.whole(PickleBytes.dict(("w", call), ("v", PickleBytes.global("os", "system"))))
    let error = #expect(throws: CheckpointError(.dangerousGlobal, "")) { try Checkpoint(file) }
    #expect((error?.description.utf8.count ?? 0) < 5000)
    let scan = Checkpoint.scan(file)
    #expect(scan.isDangerous)
    #expect(scan.globals.allSatisfy { $0.name.utf8.count < 1100 })
    #expect(scan.globals.contains { $0.name.contains("bytes) …") })
    #expect(name.shortened(to: 100).contains("(999"))
    #expect("short".shortened == "short")
    #expect(String(repeating: "é", count: 1000).shortened(to: 101).unicodeScalars.allSatisfy { $0 != "\u{FFFD}" })
  }

  @Test("a mapping that is the state dict and something else is matched in steps that grow with its size")
  func sharedMapping() throws {
    // Tensors of one storage with one geometry, under names of their own.
    let names = (0..<3000).flatMap { PickleBytes.text("l\($0).weight") + bytes("h\u{1}") }
    let shared = bytes("}q\u{2}(") + names + bytes("u")
    var body = PickleBytes.vector + bytes("q\u{1}0}(") + PickleBytes.text("aux") + shared
    body += PickleBytes.text("state_dict") + bytes("h\u{2}u")
    let file = FileBytes.torch(body)
    let stateDict = try Checkpoint(file).stateDict(key: "state_dict")
    #expect(stateDict.count == 3000)
    #expect(stateDict.originalNames[7] == "aux.l7.weight")
  }

  @Test("a path may be split at its dots in very many ways, and each place is tried once")
  func dottedKeys() throws {
    let keys = (1..<24).flatMap { count in
      PickleBytes.text(Array(repeating: "a", count: count).joined(separator: ".")) + bytes("h\u{2}")
    }
    let inner = PickleBytes.text(String(repeating: "a.", count: 40) + "b") + bytes("h\u{1}")
    var body = PickleBytes.vector + bytes("q\u{1}0}q\u{2}(") + keys
    body += inner + PickleBytes.text("w") + bytes("h\u{1}u")
    let file = FileBytes.torch(body)
    let checkpoint = try Checkpoint(file)
    #expect(throws: CheckpointError(.noStateDict, "")) {
      try checkpoint.stateDict(key: String(repeating: "a.", count: 40) + "c")
    }
  }
}
