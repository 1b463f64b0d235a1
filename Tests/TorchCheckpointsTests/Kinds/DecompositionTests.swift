import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("Tensors that flat formats cannot say, as plain components")
struct DecompositionTests {
  private func stateDict(_ name: String) throws -> StateDict {
    try Checkpoint(path: ExpectedRow.fixtures.appending(path: "fixtures/composite_tensors/\(name)").path).stateDict()
  }

  @Test("A tensor quantized per tensor becomes its integers, scale and zero point")
  func perTensor() throws {
    let whole = try stateDict("quantized_per_tensor.pth")
    let parts = try whole.decomposed()
    let integers = try #require(parts["qint8.integers"])
    #expect(integers.elementType == .int8 && integers.shape == [3, 4])
    #expect(try integers.sha256() == whole["qint8"]?.sha256())
    #expect(try [Double](#require(parts["qint8.scale"])) == [0.25])
    #expect(try [Int](#require(parts["qint8.zero_point"])) == [3])
    let said = try #require(parts.metadata.compositions.first { $0.name == "qint8" }?.value)
    #expect(said["kind"] == .string("quantized_per_tensor") && said["dtype"] == .string("qint8"))
    #expect(said["components"]?["integers"] == .string("qint8.integers"))
  }

  @Test("A sparse tensor becomes its indices and values, a plain one stays")
  func sparse() throws {
    let parts = try stateDict("sparse_coo.pth").decomposed()
    #expect(parts["coalesced.indices"]?.shape == [2, 6])
    #expect(parts["coalesced.values"]?.shape == [6])
    #expect(parts["coalesced"] == nil)
    #expect(parts["plain"]?.composition == nil)
    let said = parts.metadata.compositions.first { $0.name == "coalesced" }?.value
    #expect(said?["shape"] == .array([.integer(4), .integer(4)]))
  }

  @Test("Written a second time, a file says once how its tensors fit, and keeps what it was annotated with")
  func writtenAgain() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let urls = ["first.swt", "second.swt"].map { folder.url.appending(path: $0) }
    var whole = try stateDict("quantized_per_tensor.pth")
    whole.metadata.annotations = ["model": .string("tiny")]
    try whole.decomposed().write(to: urls[0])
    let first = try loadStateDict(url: urls[0])
    try first.write(to: urls[1])
    let second = try loadStateDict(url: urls[1])
    #expect(
      first.metadata.annotations == whole.metadata.annotations
        && second.metadata.annotations == whole.metadata.annotations)
    #expect(!first.metadata.compositions.isEmpty && second.metadata.compositions == first.metadata.compositions)
    let header = try String(decoding: Data(contentsOf: urls[1]).prefix(16384), as: UTF8.self)
    #expect(header.ranges(of: "\"swt.composition\"").count == 1)
  }

  @Test("Packed integers become the bytes that they are")
  func packed() throws {
    let whole = try stateDict("quantized_packed_odd.pth")
    let integers = try #require(whole.decomposed()["odd.integers"])
    #expect(integers.elementType == .uint8 && integers.shape == [5])
    #expect(try integers.sha256() == whole["odd"]?.sha256())
  }

  @Test(
    "What was decomposed can be written, read back, and says how it fits together",
    arguments: ExpectedRow.all.filter { $0.file.hasPrefix("composite_tensors/") && !$0.file.contains("meta") })
  func written(_ row: ExpectedRow) throws {
    let parts = try Checkpoint(path: row.path).stateDict().decomposed()
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path("decomposed.swt")
    try parts.write(toPath: path)
    let read = try Checkpoint(path: path).stateDict()
    #expect(Set(read.names) == Set(parts.names))
    #expect(read.metadata.compositions == parts.metadata.compositions)
    for (name, tensor) in parts { #expect(try read[name]?.sha256() == tensor.sha256()) }
  }

  @Test("A tensor that is not decomposed is refused by name")
  func refusedByName() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path("refused.swt")
    let error = #expect(throws: CheckpointError.self) { try stateDict("sparse_csr.pth").write(toPath: path) }
    #expect(error?.code == .unsupported)
    #expect(error?.description.contains("half: the format has no sparse_csr tensors") == true)
  }
}
