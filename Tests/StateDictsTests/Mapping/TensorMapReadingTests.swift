import Testing

@testable import StateDicts

/// Maps as JSON: read strictly, written so that they can be read.
struct TensorMapReadingTests {
  @Test("each step is read, and written as it was read")
  func roundTrip() throws {
    let lines = [
      #"{"keep":"backbone.*"}"#, #"{"drop":["*.index","x"]}"#, #"{"rename":"a.*.w","to":"b.*.weight"}"#,
      #"{"rename":[{"from":"a.*","to":"b.*"},{"from":"c","to":"d"}]}"#, #"{"cast":"*","to":"bfloat16"}"#,
      #"{"permute":"*.conv*.weight","axes":[0,2,3,1]}"#, #"{"reshape":"*.b","shape":[4,-1]}"#,
      #"{"split":"l.*.qkv","dim":0,"into":["l.*.q","l.*.k","l.*.v"]}"#,
      #"{"split":"qkv","dim":-1,"into":["q","kv"],"sizes":[4,8]}"#,
      #"{"concat":["l.*.q","l.*.k"],"dim":0,"into":"l.*.qk"}"#,
      #"{"stack":"l.*.experts.#.w1","dim":0,"into":"l.*.w1"}"#,
      #"{"unstack":"l.*.w1","dim":0,"into":"l.*.experts.#.w1"}"#,
    ]
    let map = try TensorMap(parsing: "[\(lines.joined(separator: ","))]")
    #expect(map.steps.map(\.json.text) == lines)
    #expect(try TensorMap(parsing: map.text) == map)
    #expect(try TensorMap(parsing: #"[{"rename": ["a.*=b.*", {"from": "c", "to": "d"}]}]"#).steps == [map.steps[3]])
    #expect(try TensorMap(parsing: "[]") == TensorMap())
  }

  @Test(
    "what is not expected is refused, with the number of the step and the key",
    arguments: [
      (#"{"drop": "a"}"#, "A map is an array of steps, not an object."),
      (#"[{"drop": "a"}, 7]"#, "Step 2: A step is an object, not a number."),
      (#"[{}]"#, "Step 1: It has no key that says what to do."),
      (#"[{"dorp": "a"}]"#, "Step 1: It has no key that says what to do: dorp."),
      (#"[{"drop": "a", "keep": "b"}]"#, "Step 1: It says drop and keep; a step does one thing."),
      (#"[{"drop": "a", "dim": 0}]"#, #"Step 1 (drop), key "dim": drop has no such key."#),
      (#"[{"drop": "a", "drop": "b"}]"#, #"Step 1: The key "drop" occurs twice."#),
      (#"[{"drop": 3}]"#, #"Step 1 (drop), key "drop": it needs an array of names, not a number."#),
      (#"[{"drop": ["a", null]}]"#, #"Step 1 (drop), key "drop": it needs names, not null."#),
      (#"[{"cast": "*"}]"#, #"Step 1 (cast), key "to": it is missing."#),
      (#"[{"cast": "*", "to": "half"}]"#, #"Step 1 (cast), key "to": there is no dtype half."#),
      (
        #"[{"cast": "*", "to": "int8"}]"#,
        #"Step 1 (cast), key "to": int8 is not a floating-point dtype that numbers can be converted to."#
      ),
      (#"[{"permute": "a", "axes": [0, 1.5]}]"#, #"Step 1 (permute), key "axes": it needs integers, not a number."#),
      (
        #"[{"permute": "a", "axes": "01"}]"#,
        #"Step 1 (permute), key "axes": it needs an array of integers, not a string."#
      ),
      (
        #"[{"split": "a.*", "dim": 0, "into": ["b"]}]"#,
        #"Step 1 (split), key "into": b needs 1 *, as many as the other names of the step."#
      ),
      (
        #"[{"split": "a", "dim": 0, "into": ["b", "c"], "sizes": [1]}]"#,
        #"Step 1 (split), key "sizes": 1 sizes for 2 names."#
      ),
      (
        #"[{"split": "a", "dim": "0", "into": ["b"]}]"#,
        #"Step 1 (split), key "dim": it needs an integer, not a string."#
      ),
      (#"[{"concat": [], "dim": 0, "into": "b"}]"#, #"Step 1 (concat), key "concat": it needs at least one name."#),
      (
        #"[{"stack": "a.*", "dim": 0, "into": "b"}]"#,
        #"Step 1 (stack), key "stack": The pattern a.* needs exactly one #, for the number."#
      ),
      (
        #"[{"stack": "a1#", "dim": 0, "into": "b"}]"#,
        #"Step 1 (stack), key "stack": In the pattern a1#, a digit stands beside #."#
      ),
      (
        #"[{"rename": "a.*", "to": "b"}]"#,
        #"Step 1 (rename), key "rename": The renaming a.*=b needs the same number of * on both sides."#
      ),
      (
        #"[{"rename": [["a", "b"]]}]"#,
        #"Step 1 (rename), key "rename": a line is "OLD=NEW" or {"from": …, "to": …}, not an array."#
      ),
    ])
  func refused(text: String, message: String) {
    let error = #expect(throws: CheckpointError.self) { try TensorMap(parsing: text) }
    #expect(error?.code == .malformedMap)
    #expect(error?.message == message)
  }

  @Test("text that is no JSON is refused with the byte")
  func noJSON() {
    let error = #expect(throws: CheckpointError.self) { try TensorMap(parsing: #"[{"drop": "a"},]"#) }
    #expect(error?.code == .malformedMap && error?.offset != nil)
  }

  @Test(
    "# stands for a number, * for anything",
    arguments: [
      ("e.#.w", "e.12.w", [], 12), ("*.#.w", "a.b.3.w", ["a.b"], 3),
      ("l.*.e.#.*", "l.0.e.7.w1.weight", ["0", "w1.weight"], 7),
      ("*#", "x12", ["x"], 12), ("#", "0", [], 0), ("*.#.*", "a.1.2.b", ["a", "2.b"], 1),
      ("*e.#", "e.1.e.2", ["e.1."], 2),
    ])
  func numbers(pattern: String, name: String, stars: [String], number: Int) throws {
    let found = try #require(try NumberedPattern(pattern).captures(in: name))
    #expect(found.stars.map(String.init) == stars && found.number == number)
    #expect(try NumberedPattern(pattern).filled(with: found.stars, number: found.number) == name)
  }

  @Test(
    "a name without a number at its place does not match",
    arguments: [
      ("e.#.w", "e.x.w"), ("e.#", "e.01"), ("e.#", "e.1.w"), ("*.#.w", "a.b.w"), ("e.#", "e.99999999999999999999"),
      ("#", ""),
      ("e.#.w", "f.1.w"), ("*.e.#", "e.1"),
    ])
  func noNumber(pattern: String, name: String) throws {
    #expect(try NumberedPattern(pattern).captures(in: name) == nil)
  }

  @Test("long names take time in proportion to their length")
  func linear() throws {
    let pattern = try NumberedPattern("*zz*.#.*x")
    func steps(_ count: Int) throws -> Int {
      let name = String(repeating: "1.", count: count)
      return Work.steps { _ = pattern.captures(in: name) }
    }
    #expect(try steps(20000) <= 3 * steps(10000) + 1000)
  }
}
