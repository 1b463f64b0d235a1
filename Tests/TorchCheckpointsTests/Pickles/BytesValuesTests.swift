import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Bytes within a pickle that are checkpoints themselves")
struct BytesValuesTests {
  private static func bytes(_ bytes: [UInt8]) -> [UInt8] {
    Array("B".utf8) + PickleBytes.little(UInt32(bytes.count)) + bytes
  }

  private static let body = PickleBytes.dict(("w", PickleBytes.vector))
  private static let zip = FileBytes.torch(body)

  private func open(_ body: [UInt8], options: CheckpointOptions = .init()) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(PickleBytes.whole(body), options: options)
  }

  @Test(
    "What torch.save wrote is under the path of its value, whatever kind of bytes it is",
    arguments: ["bytes_2.pkl", "bytes_5.pkl"])
  func fixtures(_ file: String) throws {
    let row = try #require(ExpectedRow.all.first { $0.file == "plain_pickles/\(file)" })
    let checkpoint = try Checkpoint(path: row.path)
    #expect(Set(checkpoint.tensors.map(\.name)) == Set((row.tensors + (row.arrays ?? [])).map(\.name)))
    // The one that was cut short stays bytes.
    #expect(checkpoint.notes.count == 1 && checkpoint.notes[0].hasPrefix("the file in the pickle at byte "))
    #expect(Set(try checkpoint.stateDict(key: "module_").names) == ["l0.weight", "l0.bias"])
  }

  @Test("Each kind of file is looked into, and one that is a tensor itself has the name of its value")
  func kinds() throws {
    let npy = FileBytes.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", data: [0, 0, 0, 0])
    let header = Array(#"{"s":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#.utf8)
    let safetensors = PickleBytes.little(UInt64(header.count)) + header + [0, 0, 0, 0]
    let checkpoint = try open(
      PickleBytes.dict(
        ("zip", Self.bytes(Self.zip)), ("legacy", Self.bytes(FileBytes.legacy(Self.body))), ("npy", Self.bytes(npy)),
        ("safetensors", Self.bytes(safetensors)),
        ("list", PickleBytes.list(Self.bytes(FileBytes.torch(PickleBytes.vector))))))
    #expect(checkpoint.tensors.map(\.name) == ["zip.w", "legacy.w", "npy", "safetensors.s", "list.0"])
  }

  @Test("What is dangerous inside is refused, and listed where the caller goes on")
  func dangerous() throws {
    let call = PickleBytes.call(PickleBytes.global("os", "system"), PickleBytes.text("id"))
    for inner in [FileBytes.torch(call), PickleBytes.whole(call)] {
      let body = PickleBytes.dict(("w", Self.bytes(inner)))
      #expect(throws: CheckpointError(.dangerousGlobal, "")) { try open(body) }
      #expect(try open(body, options: .init(allowsDangerousGlobals: true)).scan().isDangerous)
    }
  }

  @Test("Files in files are opened to the limit, and refused beyond it")
  func nested() throws {
    func nested(_ depth: Int) -> [UInt8] {
      depth == 0 ? Self.body : PickleBytes.dict(("d", Self.bytes(FileBytes.torch(nested(depth - 1)))))
    }
    let names = try open(nested(CheckpointLimits.embeddingDepth)).tensors.map(\.name)
    #expect(names == [String(repeating: "d.", count: CheckpointLimits.embeddingDepth) + "w"])
    #expect(throws: CheckpointError(.limitExceeded, "")) { try open(nested(CheckpointLimits.embeddingDepth + 1)) }
  }

  @Test("Bytes that begin as a file and are none stay bytes")
  func none() throws {
    for content in [[0x80, 4, 0xFF, 0xFF], [0x80, 2, 0x4B, 1, 0x2E], Array("PK\u{3}\u{4} and no more of it".utf8)] {
      let checkpoint = try open(PickleBytes.dict(("b", Self.bytes(content)), ("w", PickleBytes.integer(1))))
      #expect(checkpoint.tensors.isEmpty)
      guard case .bytes(content)? = try checkpoint.value?["b"]?.kind else {
        Issue.record("no bytes")
        return
      }
    }
  }
}
