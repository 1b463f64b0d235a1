import Foundation
import Testing

@testable import StateDicts
@testable import TorchCheckpoints

/// Files that are read in blocks instead of being mapped: the same comes out, errors too.
struct UnmappedTests {
  struct Bytes: ByteSource {
    let bytes: [UInt8]

    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
      unsafe target.copyBytes(from: bytes[offset..<offset + target.count])
    }
  }

  static let fileFolders = [
    "big_endian", "composite_tensors", "exported", "keys", "legacy", "modules", "numpy_files", "packed", "pickles",
    "plain_pickles", "safetensors_files", "state_dicts", "tar", "torchscript", "zip_containers", "zip_tensors",
  ]

  @Test("every fixture is read in small blocks as it is from memory", arguments: fileFolders)
  func fixtures(folder: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: Repository.fixture(folder).path).sorted() {
      let bytes = Array(try Data(contentsOf: Repository.fixture(folder + "/" + name)))
      guard !bytes.isEmpty else { continue }
      let blocks = try ByteStore(Bytes(bytes: bytes), byteCount: bytes.count, blockByteCount: 4096)
      let expected = account(ByteStore(copying: bytes))
      #expect(account(blocks) == expected, "\(name)")
    }
  }

  @Test("folders are read the same", arguments: ["distributed", "shards", "ranks", "zero"])
  func severalFiles(kind: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: Repository.fixture(kind).path).sorted() {
      let path = Repository.fixture(kind + "/" + name).path
      let accounts = [CheckpointOptions.Mapping.mapped, .unmapped].map { mapping in
        account { try Checkpoint(path: path, options: CheckpointOptions(mapping: mapping)) }
      }
      #expect(accounts[0] == accounts[1], "\(name)")
    }
  }

  private func account(_ store: ByteStore) -> String {
    let options = CheckpointOptions(allowsDangerousGlobals: true)
    let sweep = PickleSweep(store, file: "file", options: options)
    return account { try Checkpoint(FileReader.read(store, file: "file", options), options: options) }
      + " \(sweep.uses.map(\.name)) \(sweep.count) \(String(describing: sweep.error))"
  }

  /// What can be told of a checkpoint, with the checksums of its tensors.
  private func account(_ open: () throws -> Checkpoint) -> String {
    do {
      let checkpoint = try open()
      let inspection = try checkpoint.inspect(statistics: true) { tensor in
        try unsafe tensor.withUnsafeBytes { bytes in unsafe "\(Checksum(of: bytes).value)" }
      }
      let verification = try checkpoint.verify()
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(inspection) + encoder.encode(verification), as: UTF8.self)
    } catch {
      return "\(error)"
    }
  }

  @Test("a long legacy pickle and strided tensors are read in blocks, in bounded memory")
  func large() throws {
    typealias Make = PickleBytes
    var entries: [UInt8] = []
    for number in 0..<40_000 { entries += Make.text("layer\(number).a_name_of_some_length") + Make.integer(number) }
    let pickle: [UInt8] = [0x7D, 0x28] + Make.text("w") + Make.vector + entries + [0x75]
    let bytes = FileBytes.legacy(pickle)
    #expect(bytes.count > 1 << 20)
    let blocks = try ByteStore(Bytes(bytes: bytes), byteCount: bytes.count, blockByteCount: 4096)
    #expect(account(blocks) == account(ByteStore(copying: bytes)))
  }
}
