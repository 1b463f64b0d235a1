import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("Programs of torch.export")
struct ExportedProgramTests {
  private static func path(_ name: String) -> String {
    ExpectedRow.fixtures.appending(path: "fixtures/exported/\(name)").path
  }

  @Test(
    "The weights are the state dict; constants stand beside it", arguments: ["current", "before_2_8", "before_2_2"])
  func weights(_ name: String) throws {
    let checkpoint = try Checkpoint(path: Self.path("\(name).pt2"))
    #expect(checkpoint.format == .exported)
    let names = try checkpoint.stateDict().names
    #expect(names.contains("first.weight") && names.contains("mean") && !names.contains { $0.hasPrefix("constants.") })
    #expect(
      checkpoint.tensors.map(\.name).filter { $0.hasPrefix("constants.") }.sorted() == [
        "constants.fixed", "constants.passing",
      ])
    #expect(checkpoint.tensors.count == names.count + 2)
    #expect(try checkpoint.verify().damaged.isEmpty)
  }

  @Test("Views keep their strides, and tied weights their tie")
  func views() throws {
    let weights = try Checkpoint(path: Self.path("current.pt2")).stateDict()
    #expect(weights["across"]?.strides == [1, 4])
    #expect(weights["bottom"]?.strides == [2])
    #expect(weights["bottom"]?.geometry.offset == 7)
    #expect(weights.ties == [["first.weight", "tied.weight"]])
    #expect(weights["top"]?.storage === weights["bottom"]?.storage)
    #expect(weights["first.weight"]?.requiresGrad == true)
  }

  @Test("Parameters and buffers are told apart")
  func roles() throws {
    let tensors = try Checkpoint(path: Self.path("current.pt2")).tensors
    #expect(tensors.first { $0.name == "across" }?.role == .parameter)
    #expect(tensors.first { $0.name == "mean" }?.role == .buffer)
  }

  @Test("Of a program without weights the constants are the state dict")
  func constants() throws {
    #expect(try Checkpoint(path: Self.path("constants_only.pt2")).stateDict().names == ["constants.scale"])
  }

  @Test("A package of several programs asks for one")
  func several() throws {
    let path = Self.path("two_programs.pt2")
    let error = #expect(throws: CheckpointError(.ambiguousStateDict, "")) { try Checkpoint(path: path) }
    #expect(error?.message.contains("small, large") == true)
    let small = try Checkpoint(path: path, options: CheckpointOptions(member: "small"))
    #expect(try small.stateDict().names == ["weight", "bias"])
    #expect(small.member == "small")
    #expect(throws: CheckpointError(.noStateDict, "")) {
      try Checkpoint(path: path, options: CheckpointOptions(member: "medium"))
    }
  }

  /// A package with one weight, described so.
  private static func package(_ row: String, _ weight: [UInt8] = [0, 0, 128, 63, 0, 0, 0, 64]) -> [UInt8] {
    let config = "{\"config\": {\"w\": \(row)}}"
    return FileBytes.zip([
      (name: "net/archive_format", bytes: Array("pt2".utf8)),
      (name: "net/data/weights/model_weights_config.json", bytes: Array(config.utf8)),
      (name: "net/data/weights/weight_0", bytes: weight),
    ])
  }

  private static func row(
    path: String = "weight_0", dtype: Int = 7, sizes: String = #"{"as_int": 2}"#, stride: Int = 1, offset: Int = 0,
    layout: Int = 7
  ) -> String {
    #"{"path_name": "\#(path)", "is_param": true, "use_pickle": false, "tensor_meta": {"dtype": \#(dtype), "#
      + #""sizes": [\#(sizes)], "requires_grad": true, "device": {"type": "cuda", "index": 1}, "#
      + #""strides": [{"as_int": \#(stride)}], "storage_offset": {"as_int": \#(offset)}, "layout": \#(layout)}}"#
  }

  @Test("A sound table of one weight")
  func sound() throws {
    let checkpoint = try Checkpoint(Self.package(Self.row()))
    #expect(try checkpoint.tensors.map { try [Float]($0.tensor) } == [[1, 2]])
    #expect(checkpoint.tensors.first?.tensor.storage.location == "cuda:1")
    let fake = try Checkpoint(Self.package(Self.row(), []))
    #expect(fake.tensors.first?.tensor.composition?.kind == .meta)
  }

  @Test(
    "A table is refused for",
    arguments: [
      BrokenFile("a weight without its record", .missingRecord, package(row(path: "weight_9"))),
      BrokenFile("a type that is not known", .malformedHeader, package(row(dtype: 99))),
      BrokenFile("a size that is an expression", .malformedHeader, package(row(sizes: #"{"as_expr": "s0"}"#))),
      BrokenFile("a size beyond the record", .malformedTensor, package(row(sizes: #"{"as_int": 3}"#))),
      BrokenFile("a stride beyond the record", .malformedTensor, package(row(stride: 1 << 61))),
      BrokenFile("a negative offset", .malformedTensor, package(row(offset: -1))),
      BrokenFile("a sparse layout", .unsupported, package(row(layout: 1))),
      BrokenFile("a row that is a number", .missingRecord, package("3")),
      BrokenFile("a table that is no JSON", .malformedHeader, package("")),
    ])
  func broken(_ file: BrokenFile) { file.expectRefusal() }
}
