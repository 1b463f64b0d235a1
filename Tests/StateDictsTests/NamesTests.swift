import StateDicts
import Testing

struct NamesTests {
  @Test("a state dict keeps its order and finds a name by its bytes")
  func stateDict() throws {
    let stateDict = try StateDict([
      ("b", floats([1])), ("a", floats([2])), ("é", floats([3])), ("e\u{301}", floats([4])),
    ])
    #expect(stateDict.names.map { Array($0.utf8).count } == [1, 1, 2, 3])
    #expect(try [Float](#require(stateDict["e\u{301}"])) == [4])
    #expect(try [Float](#require(stateDict["\u{E9}"])) == [3])
    #expect(stateDict["c"] == nil)
    #expect(stateDict.count == 4)
    #expect(stateDict[1].name == "a")
    #expect(stateDict.map(\.name).count == 4)
    #expect(throws: CheckpointError(.nameCollision, "")) { try StateDict([("a", floats([1])), ("a", floats([2]))]) }
  }

  @Test("tensors are tied where storage, type, shape, strides and offset are one")
  func ties() throws {
    let (one, other) = (storage(Array(UInt8(0)..<16)), storage(Array(UInt8(0)..<16)))
    let stateDict = try StateDict([
      ("a", view(one, .float32, [2, 2])), ("other storage", view(other, .float32, [2, 2])),
      ("other type", view(one, .int32, [2, 2])), ("other shape", view(one, .float32, [4])),
      ("other strides", view(one, .float32, [2, 2], strides: [1, 2])), ("b", view(one, .float32, [2, 2])),
      ("offset", view(one, .float32, [2], offset: 2)), ("offset too", view(one, .float32, [2], offset: 2)),
      ("signs", view(one, .float32, [2, 2], operations: .negate)), ("c", view(one, .float32, [2, 2])),
    ])
    #expect(stateDict.ties == [["a", "b", "c"], ["offset", "offset too"]])
  }

  @Test(
    "a star stands for any text, dots included, and everything else for itself",
    arguments: [
      ("conv1.weight", "conv1.weight", true), ("conv1.weight", "conv1", false), ("conv1.weight", "*", true),
      ("conv1.weight", "*.weight", true), ("conv1.weight", "conv1.*", true), ("conv1.weight", "*weigh", false),
      ("backbone.body.layer1.0.conv1.weight", "*.layer1.*", true), ("layer10.x", "layer1.*", false),
      ("a.b.a.b.c", "*a.b.c", true), ("aaaa", "a*a*a*a", true), ("aaa", "a*a*a*a", false), ("", "", true),
      ("", "*", true), ("", "a", false), ("a", "", false), ("a", "**", true), ("a.b", "a?b", false),
      ("[x]", "[x]", true), ("über", "ü*", true),
    ])
  func patterns(_ name: String, _ pattern: String, _ isMatch: Bool) {
    #expect(NamePattern(pattern).matches(name) == isMatch)
  }

  @Test("a pattern of many stars costs its length times the name's, not a power of it")
  func manyStars() {
    let name = String(repeating: "a", count: 5000)
    let pattern = NamePattern(String(repeating: "a*", count: 100) + "b*")
    let steps = Work.steps { #expect(!pattern.matches(name)) }
    // The first piece is not searched for; 99 are found where they are looked for, and the last nowhere.
    #expect(steps == 99 + 4900)
  }
}
