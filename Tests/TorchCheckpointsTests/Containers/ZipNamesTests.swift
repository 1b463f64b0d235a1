import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Names in a zip archive, as torch looks them up")
struct ZipNamesTests {
  private static let first = PickleBytes.whole(PickleBytes.dict(("first", PickleBytes.vector)))
  private static let second = PickleBytes.whole(PickleBytes.dict(("second", PickleBytes.vector)))
  private static let storage = [UInt8](repeating: 0, count: 16)

  private func open(_ entries: [(name: String, bytes: [UInt8])]) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(FileBytes.zip(entries))
  }

  @Test("Names that differ only by case are refused, in either order and whatever they name")
  func twins() {
    let data = (name: "a/data/0", bytes: Self.storage)
    for twins in [
      [(name: "a/data.pkl", bytes: Self.first), (name: "a/DATA.PKL", bytes: Self.second), data],
      [(name: "a/Data.pkl", bytes: Self.second), (name: "a/data.pkl", bytes: Self.first), data],
      [(name: "a/data.pkl", bytes: Self.first), data, (name: "a/DATA/0", bytes: Self.storage)],
      [(name: "a/data.pkl", bytes: Self.first), data, (name: "A/data.pkl", bytes: Self.second)],
      [
        (name: "a/data.pkl", bytes: Self.first), data, (name: "a/byteorder", bytes: Array("little".utf8)),
        (name: "a/BYTEORDER", bytes: Array("big".utf8)),
      ],
    ] {
      let error = #expect(throws: CheckpointError(.malformedArchive, "")) { try open(twins) }
      #expect(error?.message.contains("differ only by case") == true)
      #expect(error?.remedy != nil)
    }
  }

  @Test("A name in capitals is found where it is alone, and is no record of no tensor")
  func capitals() throws {
    let checkpoint = try open([
      (name: "a/DATA.PKL", bytes: Self.first), (name: "a/Data/0", bytes: Self.storage),
      (name: "a/VERSION", bytes: Array("3\n".utf8)), (name: "a/ByteOrder", bytes: Array("big".utf8)),
    ])
    #expect(checkpoint.tensors.map(\.name) == ["first"])
    #expect(checkpoint.tensors[0].tensor.storage.byteOrder == .big)
    #expect(checkpoint.marks["version"] == "3")
    #expect(try checkpoint.inspect().storages.unused.isEmpty)
    #expect(try checkpoint.verify().damaged.isEmpty)
  }

  @Test("Only letters of ASCII have two cases")
  func otherLetters() throws {
    let checkpoint = try open([
      (name: "ä/data.pkl", bytes: Self.first), (name: "ä/data/0", bytes: Self.storage),
      (name: "ä/extra/é", bytes: [1]), (name: "ä/extra/É", bytes: [2]),
    ])
    #expect(checkpoint.tensors.count == 1)
  }

  @Test("An npz may have both: numpy tells them apart")
  func npz() throws {
    let npy = FileBytes.npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", data: [0, 0, 0, 0])
    #expect(try open([(name: "A.npy", bytes: npy), (name: "a.npy", bytes: npy)]).tensors.map(\.name) == ["A", "a"])
    for again in ["A", "a"] {
      let error = #expect(throws: CheckpointError(.malformedArchive, "")) {
        try open([(name: "a.npy", bytes: npy), (name: "A.npy", bytes: npy), (name: "\(again).npy", bytes: npy)])
      }
      #expect(error?.message == "Duplicate entry name.")
    }
  }

  @Test("Of two checkpoints in one archive none is chosen, whichever stands first or has the shorter root")
  func roots() {
    func records(_ root: String, _ pickle: [UInt8]) -> [(name: String, bytes: [UInt8])] {
      [(name: "\(root)data.pkl", bytes: pickle), (name: "\(root)data/0", bytes: Self.storage)]
    }
    for (one, other) in [("long/", "b/"), ("b/", "long/"), ("", "b/"), ("b/", "./b/"), ("b/c/", "d/e/")] {
      let error = #expect(throws: CheckpointError(.malformedArchive, "")) {
        try open(records(one, Self.first) + records(other, Self.second))
      }
      #expect(error?.message.contains("two checkpoints") == true, "\(one) \(other)")
    }
  }

  @Test("A data.pkl further down is a file like any other")
  func deeper() throws {
    let checkpoint = try open([
      (name: "a/extra/data.pkl", bytes: Self.second), (name: "a/data.pkl", bytes: Self.first),
      (name: "a/data/0", bytes: Self.storage), (name: "__MACOSX/a/._data.pkl", bytes: [0]),
    ])
    #expect(checkpoint.tensors.map(\.name) == ["first"])
  }
}
