import Foundation
import StateDicts
import Testing
import TorchCheckpoints

@Suite("Compressed files are unpacked within bounds")
struct UnpackingTests {
  private static func path(_ name: String) -> String {
    ExpectedRow.fixtures.appending(path: "fixtures/packed/\(name)").path
  }

  @Test(
    "A file that inflates to much more than it has bytes is refused", arguments: ["bomb.pth.gz", "bomb.zip"])
  func bomb(_ name: String) {
    let error = #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(path: Self.path(name)) }
    #expect(error?.file == Self.path(name))
  }

  @Test("All that is unpacked of one file counts together, in memory and in a temporary file")
  func limit() throws {
    var options = CheckpointOptions()
    options.limits.unpackedByteCount = 2000
    let path = Self.path("nemo_gzip.nemo")
    #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(path: path, options: options) }
    options.limits.unpackedByteCount = 1 << 20
    for memory in [0, 1000, 1 << 20] {
      options.limits.unpackedMemoryByteCount = memory
      #expect(try Checkpoint(path: path, options: options).tensors.map { try $0.sha256() }.count == 3)
    }
    // A limit that one member keeps, and two do not.
    options.limits.unpackedByteCount = 3000
    #expect(throws: CheckpointError(.limitExceeded, "")) {
      try Checkpoint(path: Self.path("zip_in_tar.tar.gz"), options: options)
    }
  }

  @Test("A gzip stream that is cut short, damaged or followed by other bytes is refused")
  func broken() throws {
    for (name, code) in [
      ("cut.pth.gz", CheckpointError.Code.truncated), ("damaged.pth.gz", .checksumMismatch),
    ] {
      #expect(throws: CheckpointError(code, "")) { try Checkpoint(path: Self.path(name)) }
    }
    let file = FileBytes.gzip(FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector))))
    #expect(try Checkpoint(file).tensors.count == 1)
    #expect(try Checkpoint(file + [0, 0, 0]).tensors.count == 1)
    #expect(throws: CheckpointError(.malformedArchive, "")) { try Checkpoint(file + [1, 2, 3]) }
    for length in 3..<file.count {
      #expect(throws: CheckpointError(.truncated, "")) { try Checkpoint(Array(file.prefix(length))) }
    }
  }

  @Test("What was compressed and is no checkpoint is named, before all of it is unpacked")
  func other() throws {
    let error = #expect(throws: CheckpointError(.notACheckpoint, "")) {
      try Checkpoint(FileBytes.gzip(Array("epoch,loss\n1,0.5\n".utf8)))
    }
    #expect(error?.entry == "the gzip stream")
  }

  @Test("Archives in archives are opened to a small depth")
  func depth() throws {
    var bytes = FileBytes.torch(PickleBytes.dict(("w", PickleBytes.vector)))
    for _ in 0..<4 { bytes = FileBytes.gzip(bytes) }
    #expect(try Checkpoint(bytes).tensors.count == 1)
    let error = #expect(throws: CheckpointError(.limitExceeded, "")) { try Checkpoint(FileBytes.gzip(bytes)) }
    #expect(error?.message == "Archives are nested more than 4 deep.")
  }

  @Test("Sizes of tar members are held against the file")
  func tarSizes() throws {
    var huge = FileBytes.tar([(name: "a.pth", bytes: [1, 2, 3])])
    func resum() {
      huge.replaceSubrange(148..<156, with: "        ".utf8)
      let sum = String(huge[0..<512].reduce(0) { $0 + Int($1) }, radix: 8)
      huge.replaceSubrange(148..<156, with: (String(repeating: "0", count: 6 - sum.count) + sum + "\0 ").utf8)
    }
    for size in [
      Array("77777777777\0".utf8), [0x80, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x80] + [UInt8](repeating: 0xFF, count: 11), [UInt8](repeating: 0xFF, count: 12),
    ] {
      huge.replaceSubrange(124..<136, with: size)
      resum()
      let error = #expect(throws: CheckpointError.self) { try Checkpoint(huge) }
      #expect(error?.code == .truncated || error?.code == .malformedArchive)
    }
  }
}

extension FileBytes {
  /// A gzip stream of stored blocks.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    for start in stride(from: 0, to: max(bytes.count, 1), by: 0xFFFF) {
      let block = bytes[start..<min(start + 0xFFFF, bytes.count)]
      let length = UInt16(block.count)
      stream += [start + 0xFFFF >= bytes.count ? 1 : 0] + PickleBytes.little(length) + PickleBytes.little(~length)
      stream += block
    }
    let checksum = unsafe bytes.withUnsafeBytes { unsafe Checksum(of: $0).value }
    return stream + PickleBytes.little(checksum) + PickleBytes.little(UInt32(bytes.count))
  }
}
