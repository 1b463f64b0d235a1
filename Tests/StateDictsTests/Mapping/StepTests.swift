import Testing

@testable import StateDicts

/// What each step of a map makes of tensors, and what it refuses.
struct StepTests {
  /// 0, 1, 2 … in C order.
  private func counted(_ shape: [Int], from first: Int = 0) throws -> Tensor {
    try floats((first..<first + shape.reduce(1, *)).map(Float.init), shape)
  }

  private func converted(_ stateDict: StateDict, _ steps: String) throws -> StateDict {
    try stateDict.converted(by: TensorMap(parsing: "[\(steps)]")).stateDict
  }

  private func values(_ stateDict: StateDict, _ name: String) throws -> [Float] {
    try [Float](#require(stateDict[name]))
  }

  private func layers() throws -> StateDict {
    try StateDict([
      ("l.0.q.weight", counted([2, 2])), ("l.0.k.weight", counted([1, 2], from: 10)),
      ("l.0.v.weight", counted([1, 2], from: 20)),
      ("l.1.q.weight", counted([2, 2], from: 30)), ("l.1.k.weight", counted([1, 2], from: 40)),
      ("l.1.v.weight", counted([1, 2], from: 50)), ("steps", tensor(.int64, [], littleEndian([Int64(7)]))),
    ])
  }

  @Test("keep and drop select by patterns, and what is left out is listed")
  func selection() throws {
    let kept = try converted(layers(), #"{"keep": ["l.0.*", "steps"]}, {"drop": "*.v.weight"}"#)
    #expect(kept.names == ["l.0.q.weight", "l.0.k.weight", "steps"])
    #expect(kept.metadata.leftOut.count == 4)
    #expect(kept.metadata.leftOut.last?.name == "l.0.v.weight")
  }

  @Test("the first line of a rename step decides, and lines of later steps see the new names")
  func renames() throws {
    let renamed = try converted(
      layers(), #"{"rename": ["l.0.*=a.*", "l.*=b.*"]}, {"rename": "a.*.weight", "to": "c.*.w"}"#)
    #expect(renamed.names.prefix(4) == ["c.q.w", "c.k.w", "c.v.w", "b.1.q.weight"])
    #expect(renamed.origin(at: 0) == TensorOrigin(names: ["l.0.q.weight"], changes: []))
  }

  @Test("concat joins what the stars match alike, at the place of the first; split takes it apart")
  func concatenation() throws {
    let concat = #"{"concat": ["l.*.q.weight", "l.*.k.weight", "l.*.v.weight"], "dim": 0, "into": "l.*.qkv.weight"}"#
    let joined = try converted(layers(), concat)
    #expect(joined.names == ["l.0.qkv.weight", "l.1.qkv.weight", "steps"])
    #expect(try values(joined, "l.1.qkv.weight") == [30, 31, 32, 33, 40, 41, 50, 51])
    #expect(
      joined.origin(at: 0)
        == TensorOrigin(names: ["l.0.q.weight", "l.0.k.weight", "l.0.v.weight"], changes: [.concat(dimension: 0)]))
    let split = #"{"split": "l.*.qkv.weight", "dim": 0, "into": ["l.*.a", "l.*.b"]}"#
    let parts = try converted(joined, split)
    #expect(parts.names == ["l.0.a", "l.0.b", "l.1.a", "l.1.b", "steps"])
    #expect(try values(parts, "l.0.b") == [10, 11, 20, 21])
    let sizes = try converted(
      joined, #"{"split": "l.*.qkv.weight", "dim": -2, "into": ["l.*.a", "l.*.b", "l.*.c"], "sizes": [3, 0, 1]}"#)
    #expect(try values(sizes, "l.0.a") == [0, 1, 2, 3, 10, 11] && values(sizes, "l.0.b").isEmpty)
    let last = try converted(layers(), #"{"concat": ["l.0.k.weight", "l.1.k.weight"], "dim": 1, "into": "k"}"#)
    #expect(last["k"]?.shape == [1, 4])
  }

  @Test("stack and unstack number tensors from 0")
  func stacks() throws {
    let experts = try StateDict((0..<11).map { ("e.\($0).w", try counted([2], from: 2 * $0)) })
    let stacked = try converted(experts, #"{"stack": "e.#.w", "dim": 1, "into": "w"}"#)
    #expect(stacked["w"]?.shape == [2, 11])
    #expect(
      try values(stacked, "w") == stride(from: 0, to: 22, by: 2).map(Float.init)
        + stride(from: 1, to: 22, by: 2).map(Float.init))
    let back = try converted(stacked, #"{"unstack": "w", "dim": -1, "into": "e.#.w"}"#)
    #expect(back.names == experts.names)
    for (name, tensor) in experts { #expect(try values(back, name) == [Float](tensor)) }
  }

  @Test("permute and reshape change views, and gather where no view can")
  func shapes() throws {
    let stateDict = try StateDict([("w", counted([2, 3, 4]))])
    let permuted = try converted(stateDict, #"{"permute": "w", "axes": [2, 0, -2]}"#)
    #expect(permuted["w"]?.strides == [1, 12, 4])
    #expect(try values(permuted, "w").prefix(4) == [0, 4, 8, 12])
    let flat = try converted(permuted, #"{"reshape": "*", "shape": [-1, 2]}"#)
    #expect(flat["w"]?.shape == [12, 2])
    #expect(try values(flat, "w") == values(permuted, "w"))
    let back = try converted(flat, #"{"reshape": "w", "shape": [4, 2, 3]}, {"permute": "w", "axes": [1, 2, 0]}"#)
    #expect(try values(back, "w") == (0..<24).map(Float.init))
  }

  @Test("cast converts floating-point tensors, and the report counts what was lost")
  func casts() throws {
    let stateDict = try StateDict([
      ("w", floats([1, 1.001, 70000, -1e9, .infinity, .nan])), ("n", tensor(.int64, [1], littleEndian([Int64(7)]))),
      ("b", floats([2])), ("h", tensor(.float16, [1], littleEndian([UInt16(0x3C00)]))),
    ])
    let half = try converted(stateDict, #"{"cast": "*", "to": "float16"}"#)
    #expect(half.tensors.map(\.elementType) == [.float16, .int64, .float16, .float16])
    #expect(try values(half, "w").prefix(4) == [1, 1.0009766, .infinity, -.infinity])
    let folder = try TemporaryFolder()
    for name in ["out.swt", "out.pth", "out.npz"] {
      let report = try half.write(toPath: folder.path(name))
      #expect(report.casts.map(\.name) == ["w", "b"])
      #expect(report.casts[0].rounded == 1 && report.casts[0].overflowed == 2 && report.casts[0].elements == 6)
      #expect(report.casts[1].rounded == 0 && report.casts[1].overflowed == 0)
    }
  }

  @Test("ties, requires_grad and metadata go with the tensors")
  func ties() throws {
    let shared = try counted([2, 3]).requiringGrad(true)
    var stateDict = try StateDict([("a", shared), ("b", shared), ("c", counted([2, 3]))])
    stateDict.metadata.annotations = ["frozen": ["a", "c"]]
    stateDict.metadata.otherValues = ["epoch": 3]
    let steps =
      #"{"permute": ["a", "b"], "axes": [1, 0]}, {"reshape": ["a", "b"], "shape": [6]}, {"cast": "*", "to": "bfloat16"}"#
    let changed = try converted(stateDict, steps + #", {"rename": "b", "to": "d"}"#)
    #expect(changed.ties == [["a", "d"]])
    #expect(changed.tensors.map(\.requiresGrad) == [true, true, false])
    #expect(changed.metadata.otherValues == ["epoch": 3])
    let joined = try converted(stateDict, #"{"concat": ["a", "c"], "dim": 0, "into": "ac"}"#)
    #expect(joined["ac"]?.requiresGrad == true)
    #expect(joined.metadata.annotations["frozen"] == ["ac"])
  }

  @Test(
    "a step that does not fit is refused before anything is read, with its number",
    arguments: [
      (#"{"drop": "l.2.*"}"#, "no tensor's name matches l.2.*."),
      (#"{"keep": ["l.*", "x"]}"#, "no tensor's name matches x."),
      (#"{"rename": "x.*", "to": "y.*"}"#, "no tensor's name matches x.*."),
      (
        #"{"rename": "l.*.q.weight", "to": "l.*.k.weight"}"#,
        "l.0.q.weight and l.0.k.weight are both renamed to l.0.k.weight, by 'l.*.q.weight=l.*.k.weight'."
      ),
      (#"{"cast": "steps", "to": "float16"}"#, "no floating-point tensor matches."),
      (
        #"{"permute": "l.*", "axes": [0, 1, 2]}"#,
        "l.0.q.weight has shape [2, 2]: axes must name each of its 2 dimensions once."
      ),
      (
        #"{"permute": "l.*", "axes": [0, -2]}"#,
        "l.0.q.weight has shape [2, 2]: axes must name each of its 2 dimensions once."
      ),
      (
        #"{"reshape": "l.0.q.weight", "shape": [3, -1]}"#,
        "l.0.q.weight of shape [2, 2] has 4 elements, which [3, -1] does not hold."
      ),
      (#"{"reshape": "l.0.q.weight", "shape": [-1, -1]}"#, "only one size of [-1, -1] may be -1."),
      (
        #"{"reshape": "l.0.q.weight", "shape": [9223372036854775807, 9223372036854775807]}"#,
        "l.0.q.weight of shape [2, 2] has 4 elements, which [9223372036854775807, 9223372036854775807] does not hold."
      ),
      (
        #"{"split": "l.*.q.weight", "dim": 2, "into": ["l.*.a", "l.*.b"]}"#,
        "l.0.q.weight of shape [2, 2] has no dimension 2."
      ),
      (
        #"{"split": "l.*.q.weight", "dim": 0, "into": ["l.*.a", "l.*.b", "l.*.c"]}"#,
        "dimension 0 of l.0.q.weight, shape [2, 2], cannot be split into 3 equal parts."
      ),
      (
        #"{"split": "l.*.q.weight", "dim": 0, "into": ["l.*.a", "l.*.b"], "sizes": [1, 2]}"#,
        "the sizes add up to 3, but dimension 0 of l.0.q.weight, shape [2, 2], has 2."
      ),
      (
        #"{"split": "l.*.q.weight", "dim": 0, "into": ["l.*.a", "l.*.k.weight"]}"#,
        "two tensors would be named l.0.k.weight: one of l.0.q.weight, and one of l.0.k.weight."
      ),
      (#"{"concat": ["l.*.q.weight", "l.*.x"], "dim": 0, "into": "l.*.y"}"#, "there is l.0.q.weight, but no l.0.x."),
      (
        #"{"concat": ["l.1.q.*", "l.0.q.*"], "dim": 2, "into": "y.*"}"#,
        "l.1.q.weight of shape [2, 2] has no dimension 2."
      ),
      (#"{"concat": ["l.0.q.weight", "l.0.q.weight"], "dim": 0, "into": "y"}"#, "l.0.q.weight would be used twice."),
      (
        #"{"concat": ["l.0.q.weight", "steps"], "dim": 0, "into": "y"}"#,
        "l.0.q.weight (float32 [2, 2]) and steps (int64 []) do not join along dimension 0."
      ),
      (#"{"stack": "l.#.q.weight", "dim": 3, "into": "q"}"#, "l.0.q.weight of shape [2, 2] has no dimension 3."),
      (#"{"unstack": "steps", "dim": 0, "into": "s.#"}"#, "steps of shape [] has no dimension 0."),
    ])
  func refused(step: String, message: String) throws {
    let map = try TensorMap(parsing: "[\(step)]")
    let error = #expect(throws: CheckpointError.self) { try layers().converted(by: map) }
    #expect(error?.code == .malformedMap || error?.code == .nameCollision)
    #expect(error?.message == "Step 1, \(map.steps[0].json.text): \(message)")
  }

  @Test("numbers that are stacked have no gaps, and the step that fails is counted")
  func gaps() throws {
    let stateDict = try StateDict([("e.0.w", counted([1])), ("e.2.w", counted([1]))])
    let map = try TensorMap(parsing: #"[{"rename": "e.*", "to": "f.*"}, {"stack": "f.#.w", "dim": 0, "into": "w"}]"#)
    let error = #expect(throws: CheckpointError.self) { try stateDict.converted(by: map) }
    #expect(
      error?.message
        == #"Step 2, {"stack":"f.#.w","dim":0,"into":"w"}: f.1.w is missing; numbers count from 0 without gaps."#)
  }

  @Test("a tensor that is more than a view is renamed or dropped, and nothing else")
  func composite() throws {
    let values = try Composition.Component("values", floats([1]))
    let sparse = try Tensor(
      Composition(.sparseCOO, components: [values]), elementType: .float32, geometry: TensorGeometry(stated: [2]),
      origin: .memory)
    let stateDict = try StateDict([("s", sparse)])
    #expect(try converted(stateDict, #"{"rename": "s", "to": "t"}"#).names == ["t"])
    #expect(throws: CheckpointError(.malformedMap, "")) { try converted(stateDict, #"{"cast": "*", "to": "float16"}"#) }
  }

  @Test("a view that repeats its elements does not grow beyond the limit by being converted")
  func expanded() throws {
    let wide = try view(storage(littleEndian([Float(1)])), .float32, [1 << 20, 1 << 20], strides: [0, 0])
    let stateDict = try StateDict([("w", wide)])
    for step in [#"{"cast": "*", "to": "float16"}"#, #"{"concat": ["w"], "dim": 0, "into": "v"}"#] {
      #expect(throws: CheckpointError(.limitExceeded, "")) { try converted(stateDict, step) }
    }
    let small = try view(storage(littleEndian([Float(1)])), .float32, [1000], strides: [0])
    let cast = try converted(StateDict([("w", small)]), #"{"cast": "*", "to": "float64"}"#)
    var options = WriteOptions()
    options.expandedByteCount = 100
    let folder = try TemporaryFolder()
    #expect(throws: CheckpointError(.limitExceeded, "")) {
      try cast.write(toPath: folder.path("out.swt"), options: options)
    }
    // A shape with a 0 states any number beside it.
    let empty = try view(storage([UInt8]()), .float32, [1 << 40, 0])
    #expect(throws: CheckpointError(.limitExceeded, "")) {
      try converted(StateDict([("w", empty)]), #"{"unstack": "w", "dim": 0, "into": "w.#"}"#)
    }
  }

  @Test("many parts of a joined tensor repeat nothing")
  func partsOfJoined() throws {
    let stateDict = try StateDict((0..<4).map { ("w.\($0)", try counted([24, 1], from: 24 * $0)) })
    let names = (0..<24).map { "\"p.\($0)\"" }.joined(separator: ", ")
    let parts = try converted(
      stateDict,
      #"{"concat": ["w.0", "w.1", "w.2", "w.3"], "dim": 1, "into": "w"}, {"split": "w", "dim": 0, "into": [\#(names)]}"#
    )
    var options = WriteOptions()
    options.expandedByteCount = 0
    let folder = try TemporaryFolder()
    #expect(try parts.write(toPath: folder.path("out.swt"), options: options).written.count == 24)
  }
}
