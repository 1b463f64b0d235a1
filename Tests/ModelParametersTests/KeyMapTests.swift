import Foundation
import StateDicts
import Testing

@Suite struct KeyMapTests {
  @Test(
    "a star stands for any run of characters",
    arguments: [
      ("a.*", "a.b.c", ["b.c"]), ("*", "", [""]), ("*.weight", "conv.weight", ["conv"]),
      ("a.*.b.*", "a.1.b.2", ["1", "2"]),
      ("a.*.b.*", "a.1.b.2.b.3", ["1", "2.b.3"]), ("**", "xy", ["", "xy"]), ("plain", "plain", []),
    ])
  func captures(pattern: String, name: String, expected: [String]) throws {
    #expect(try #require(NamePattern(pattern).captures(in: name)).map(String.init) == expected)
  }

  @Test(
    "a name that is not as the pattern says has no captures",
    arguments: [("a.*", "ab"), ("a.*.b", "a.b"), ("ab*ba", "aba"), ("plain", "plainer"), ("*.bias", "bias"), ("", "a")])
  func noCaptures(pattern: String, name: String) {
    #expect(!NamePattern(pattern).matches(name))
  }

  @Test("each name is renamed by the first line that fits, once")
  func firstLineDecides() throws {
    let map = try KeyMap(["head.fc.*=roi_heads.box_head.*", "head.*=roi_heads.*", "roi_heads.*=wrong.*"])
    #expect(map.apply(to: "head.fc.weight") == "roi_heads.box_head.weight")
    #expect(map.apply(to: "head.bias") == "roi_heads.bias")
    #expect(map.apply(to: "backbone.weight") == "backbone.weight")
  }

  @Test("a map prints as it is written, and its inverse brings every name back")
  func roundTrip() throws {
    let lines = ["module.*=*", "layers.*.norm.*=layer*.bn.*"]
    let map = try KeyMap(lines)
    #expect(map.description == lines.joined(separator: "\n"))
    #expect(map.inverse.inverse == map)
    let names = ["layers.3.norm.weight", "layers.12.norm.running_mean"]
    #expect(names.map(map.apply(to:)) == ["layer3.bn.weight", "layer12.bn.running_mean"])
    let swap = try KeyMap(["a.*=b.*", "b.*=a.*"])
    let both = ["a.x", "b.x", "c.x"]
    #expect(both.map(swap.apply(to:)) == ["b.x", "a.x", "c.x"])
    #expect(swap.irreversible(among: both).isEmpty)
  }

  @Test("names that the inverse would not bring back are told")
  func irreversible() throws {
    let map = try KeyMap(["head.*=roi_heads.*"])
    #expect(map.irreversible(among: ["head.a", "roi_heads.b", "c"]) == ["roi_heads.b"])
  }

  @Test("a renaming that cannot be understood is refused", arguments: ["head.*", "=a", "a=", "a=b=c", "a.*=b", "a=*"])
  func malformed(line: String) {
    #expect(throws: CheckpointError(.malformedRenaming, "")) { try KeyMap([line]) }
  }

  @Test("a map is kept as JSON, in three forms")
  func json() throws {
    let map = try KeyMap(["head.*=roi_heads.*", "a=b"])
    let forms = """
      ["head.*=roi_heads.*", {"from": "a", "to": "b"}]
      """
    #expect(try JSONDecoder().decode(KeyMap.self, from: Data(forms.utf8)) == map)
    #expect(try JSONDecoder().decode(KeyMap.self, from: Data(#"[["head.*", "roi_heads.*"], ["a", "b"]]"#.utf8)) == map)
    #expect(try JSONDecoder().decode(KeyMap.self, from: JSONEncoder().encode(map)) == map)
  }

  @Test("two names that become one are refused when a state dict is renamed")
  func collision() throws {
    let weights = try StateDict(shapes: ["a.w": [1], "b.w": [1]])
    let error = #expect(throws: CheckpointError.self) { try weights.renamed(by: KeyMap(["c=d", "a.*=b.*"])) }
    #expect(error?.code == .nameCollision)
    #expect(error?.message == "a.w and b.w are both renamed to b.w, by 'a.*=b.*'.")
  }

  @Test("a renaming does nothing if it fits no name, or only names that an earlier one renames")
  func withoutEffect() throws {
    let map = try KeyMap(["a.*=b.*", "a.w=c.w", "head.*=fc.*", "x=y"])
    #expect(map.withoutEffect(on: ["a.w", "x"]).map(\.description) == ["a.w=c.w", "head.*=fc.*"])
  }

  @Test("the versions of modules go with their names")
  func moduleVersions() throws {
    var weights = try StateDict(shapes: ["net.fpn.w": [1]])
    weights.metadata.modules = ["net.fpn": .object(["version": .integer(2)]), "": .object([:])]
    #expect(try weights.renamed(by: KeyMap(["net.*=backbone.*"])).metadata.modules.map(\.name) == ["backbone.fpn", ""])
  }
}
