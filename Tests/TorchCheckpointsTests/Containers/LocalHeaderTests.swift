import StateDicts
import Testing

@testable import TorchCheckpoints

@Suite("Where an entry lies, learned from what libzip reads")
struct LocalHeaderTests {
  private static let record: (name: String, bytes: [UInt8]) = ("archive/data/0", [7, 8, 9])
  private static let payload = 30 + record.name.utf8.count

  private func header(
    _ reads: [Range<Int>], name: String = record.name, in bytes: [UInt8] = FileBytes.zip([record])
  ) -> LocalHeader? {
    LocalHeader(reads: reads, name: Array(name.utf8), in: ByteStore(copying: bytes))
  }

  @Test(
    "Both ways of reading that libzip has had give the same place",
    arguments: [
      [26..<30, payload..<payload + 1],  // libzip 1.7 to 1.11
      [0..<30, payload..<payload + 1],  // libzip 1.12
      [90..<94, 0..<30, 44..<60, payload..<payload + 3],  // others before it do no harm
    ])
  func known(_ reads: [Range<Int>]) throws {
    let found = try #require(header(reads))
    #expect(found.offset == 0 && found.payload == Self.payload && found.isConsistent)
  }

  @Test(
    "Reads that fit no header are not understood",
    arguments: [
      [], [payload..<payload + 1], [26..<30], [27..<31, payload..<payload + 1], [0..<29, payload..<payload + 1],
      [0..<30, payload + 1..<payload + 2], [payload..<payload + 1, 0..<30], [26..<30, 1_000_000..<1_000_001],
    ] as [[Range<Int>]])
  func unknown(_ reads: [Range<Int>]) {
    #expect(header(reads) == nil)
  }

  @Test("A header of another name or without its signature is found, and is not consistent")
  func inconsistent() {
    let reads = [26..<30, Self.payload..<Self.payload + 1]
    #expect(header(reads, name: "archive/data/1")?.isConsistent == false)
    #expect(header(reads, name: "archive/data/00")?.isConsistent == false)
    var bytes = FileBytes.zip([Self.record])
    bytes[3] = 1
    #expect(header(reads, in: bytes)?.isConsistent == false)
  }

  @Test(
    "Without places every fixture in a zip archive is read through libzip, to the same tensors",
    arguments: ExpectedRow.all.filter { row in
      row.refused == nil && ["zip", "torchscript", "npz"].contains(row.container)
    })
  func throughLibzip(_ row: ExpectedRow) throws {
    var options = CheckpointOptions()
    options.locatesEntries = false
    let checkpoint = try Checkpoint(path: row.path, options: options)
    let found = mismatches(checkpoint, row)
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    let archive = try #require(checkpoint.contents.archive)
    #expect(archive.entries.allSatisfy { $0.payload == nil })
    #expect(try checkpoint.verify().damaged.isEmpty)
    let hasBytes = archive.entries.contains { $0.isStored && $0.isReadable && $0.byteCount > 0 }
    #expect(checkpoint.notes.contains { $0.contains("read through libzip") } == hasBytes)
  }

  @Test("A record that is read through libzip is held against its CRC-32, and one without a CRC is not")
  func checksums() throws {
    var options = CheckpointOptions()
    options.locatesEntries = false
    let pickle = PickleBytes.dict(("w", PickleBytes.floats()))
    let floats: [UInt8] = [0, 0, 0, 0, 0, 0, 128, 63]
    for (checksum, isSound) in [(UInt32?.none, true), (0, true), (1, false)] {
      let file = FileBytes.torch(
        pickle, storages: [("0", floats)], checksums: checksum.map { ["archive/data/0": $0] } ?? [:])
      let tensor = try #require(try Checkpoint(file, options: options).stateDict()["w"])
      if isSound {
        #expect(try [Float](tensor) == [0, 1])
      } else {
        #expect(throws: CheckpointError(.checksumMismatch, "")) { try [Float](tensor) }
      }
    }
  }
}
