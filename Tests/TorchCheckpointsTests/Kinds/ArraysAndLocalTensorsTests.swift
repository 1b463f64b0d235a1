import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("Numpy arrays among tensors, and DTensors")
struct ArraysAndLocalTensorsTests {
  private func checkpoint(_ name: String) throws -> Checkpoint {
    try Checkpoint(path: ExpectedRow.fixtures.appending(path: "fixtures/\(name)").path)
  }

  @Test("A numpy array is a tensor wherever it is; a single number stays a value")
  func arrays() throws {
    let among = try checkpoint("mixed_numpy/among.pth").stateDict()
    #expect(among.names == ["w", "mean"])
    #expect(try [Double](#require(among["mean"])) == [0, 1, 2])
    #expect(among.metadata.leftOut.map(\.name) == ["count"])
    #expect(among.metadata.otherValues == ["count": 4.5])
    #expect(try checkpoint("mixed_numpy/in_model.pth").stateDict().names == ["w", "mean"])
    #expect(try checkpoint("mixed_numpy/in_list.pth").stateDict().names == ["0", "1"])
    let error = #expect(throws: CheckpointError(.ambiguousStateDict, "")) {
      try checkpoint("mixed_numpy/beside.pth").stateDict()
    }
    #expect(error?.message == "There are 2 state dicts: model (1 tensor), obs_rms (2 tensors).")
  }

  @Test("Arrays whose elements have no type here are left out, each with a reason")
  func noNumbers() throws {
    let checkpoint = try checkpoint("mixed_numpy/no_numbers.pth")
    let stateDict = try checkpoint.stateDict()
    #expect(stateDict.names == ["w"])
    #expect(stateDict.metadata.leftOut == checkpoint.leftOut)
    #expect(checkpoint.leftOut.map(\.name) == ["names", "objects", "long", "records", "dates"])
    for (row, word) in zip(checkpoint.leftOut, ["strings", "objects", "long double", "record", "dates"]) {
      #expect(row.reason.contains(word))
    }
  }

  private func npy(_ description: String, _ bytes: [UInt8]) -> [UInt8] {
    let header = "{'descr': '\(description)', 'fortran_order': False, 'shape': (2,), }\n"
    return [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + bytes
  }

  @Test("Plain bytes are of the type that the caller names, if it has their width")
  func voidTypes() throws {
    var options = CheckpointOptions()
    let one = npy("|V2", [0x80, 0x3F, 0x00, 0x40])
    let refused = #expect(throws: CheckpointError(.unsupported, "")) { try Checkpoint(one) }
    #expect(refused?.message.contains("--npz-void bfloat16") == true)
    options.numpyVoidType = .bfloat16
    let array = try #require(Checkpoint(one, options: options).tensors.first?.tensor)
    #expect(array.elementType == .bfloat16)
    #expect(try [Float](array) == [1, 2])
    options.numpyVoidType = .float8_e4m3fn
    #expect(throws: CheckpointError(.unsupported, "")) { try Checkpoint(one, options: options) }
    let bytes = try Checkpoint(npy("<V1", [0x38, 0x40]), options: options)
    #expect(try [Float](#require(bytes.tensors.first?.tensor)) == [1, 2])
    #expect(try Checkpoint(npy("bfloat16", [0x80, 0x3F, 0, 0])).tensors.first?.tensor.elementType == .bfloat16)
  }

  @Test("and so in a pickle")
  func voidTypesInPickle() throws {
    let dtype = PickleBytes.call(
      PickleBytes.global("numpy", "dtype"), PickleBytes.text("V2"), PickleBytes.no, PickleBytes.yes)
    let bytes = PickleBytes.call(
      PickleBytes.global("_codecs", "encode"), PickleBytes.text("\u{80}?\0@"), PickleBytes.text("latin1"))
    let array =
      PickleBytes.call(
        PickleBytes.global("numpy.core.multiarray", "_reconstruct"), PickleBytes.global("numpy", "ndarray"),
        PickleBytes.numbers(0), PickleBytes.text("b"))
      + PickleBytes.tuple(PickleBytes.integer(1), PickleBytes.numbers(2), dtype, PickleBytes.no, bytes)
      + Array("b".utf8)
    let file = FileBytes.torch(PickleBytes.dict(("w", array)))
    var options = CheckpointOptions()
    #expect(try Checkpoint(file, options: options).leftOut.map(\.name) == ["w"])
    options.numpyVoidType = .bfloat16
    let tensor = try #require(Checkpoint(file, options: options).tensors.first?.tensor)
    #expect(try [Float](tensor) == [1, 2])
  }

  @Test("A DTensor on a mesh of one device is its local tensor")
  func meshOfOne() throws {
    let checkpoint = try checkpoint("dtensors/mesh_of_one.pth")
    #expect(checkpoint.tensors.allSatisfy { $0.tensor.composition == nil })
    #expect(checkpoint.tensors.count == 5)
  }

  @Test("A DTensor of which the file has a part is refused with its placement; decomposed, the part is written")
  func part() throws {
    let stateDict = try checkpoint("dtensors/part.pth").stateDict()
    let folder = try TemporaryFolder()
    let error = #expect(throws: CheckpointError(.unsupported, "")) {
      try stateDict.write(toPath: folder.path("m.swt"))
    }
    #expect(error?.description.contains("part: one rank's part of a DTensor (Shard(0))") == true)
    let parts = try stateDict.decomposed()
    #expect(parts.names == ["part._local_tensor", "plain"])
    #expect(parts.metadata.compositions.first?.value["placements"] == .array([.string("Shard(0)")]))
    try parts.write(toPath: folder.path("m.swt"))
  }
}
