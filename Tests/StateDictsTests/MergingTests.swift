import StateDicts
import Testing

/// Several state dicts in one.
struct MergingTests {
  private func part(_ name: String, _ names: [String], _ values: JSONObject = [:]) throws -> StateDict {
    let tensor = try floats([1, 2])
    var part = try StateDict(names.map { ($0, tensor) })
    part.metadata.source = Provenance(name: name, byteCount: 8, format: .zip)
    part.metadata.otherValues = values
    return part
  }

  @Test("names, order, ties and sources are kept")
  func merges() throws {
    let merged = try StateDict.merging([part("a.pth", ["x", "y"]), part("b.pth", ["z"])])
    #expect(merged.names == ["x", "y", "z"])
    #expect(merged.ties == [["x", "y"]])
    let source = try #require(merged.metadata.source)
    #expect(source.name == "a.pth, b.pth")
    #expect(source.byteCount == 16)
    #expect(source.marks["inputs"]?.arrayValue?.map { $0["name"] } == ["a.pth", "b.pth"])
    #expect(try StateDict.merging([part("a.pth", ["x"])]).metadata.source?.name == "a.pth")
  }

  @Test("a name that two have is an error that names both")
  func collision() throws {
    let error = #expect(throws: CheckpointError(.nameCollision, "")) {
      try StateDict.merging([part("a.pth", ["x", "y"]), part("b.pth", ["z"]), part("c.pth", ["y"])])
    }
    #expect(error?.details == ["y: in a.pth and c.pth"])
  }

  @Test("of other values under one name the first is kept, and a different one is reported")
  func values() throws {
    let merged = try StateDict.merging([
      part("a.pth", ["x"], ["epoch": 3, "lr": 0.5]),
      part("b.pth", ["y"], ["epoch": 4, "lr": 0.5]),
    ])
    #expect(merged.metadata.otherValues.map(\.name) == ["epoch", "lr"])
    #expect(merged.metadata.otherValues["epoch"] == 3)
    let folder = try TemporaryFolder()
    for name in ["m.swt", "m.pth", "m.npz"] {
      let report = try merged.write(toPath: folder.path(name))
      #expect(report.notKept.contains { $0.name == "b.pth: epoch" })
      #expect(!report.notKept.contains { $0.name == "b.pth: lr" })
    }
  }
}
