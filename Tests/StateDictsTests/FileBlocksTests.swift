import Foundation
import Testing

@testable import StateDicts

/// A file that is read in blocks instead of being mapped.
struct FileBlocksTests {
  /// Bytes that say where they lie; counts what is read, and fails from a place on.
  private final class Source: ByteSource {
    let end: Int
    let readByteCount = Locked(0)

    init(end: Int = .max) { self.end = end }

    static func byte(_ place: Int) -> UInt8 { pattern[place % pattern.count] }
    private static let pattern = (0..<4093).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37 >> 5) }

    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
      guard offset + target.count <= end else { throw CheckpointError(.inputOutput, "cut", offset: offset) }
      var place = 0
      while place < target.count {
        let start = (offset + place) % Self.pattern.count
        let part = Self.pattern[start..<min(Self.pattern.count, start + target.count - place)]
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[place..<place + part.count]).copyBytes(from: part)
        place += part.count
      }
      readByteCount.withLock { $0 += target.count }
    }
  }

  private func store(_ source: Source, _ byteCount: Int) throws -> ByteStore {
    try ByteStore(source, byteCount: byteCount, blockByteCount: 4096)
  }

  @Test("bytes come as they are asked for, and each block is read once")
  func reading() throws {
    let source = Source()
    let store = try store(source, 100_000)
    #expect(store.array(4000..<9000) == (4000..<9000).map(Source.byte))
    #expect(store.array(99_990..<200_000) == (99_990..<100_000).map(Source.byte))
    #expect(store.array(4096..<8192).count == 4096)
    // Of blocks 0 to 2, and of the last, which is short.
    let expected = 3 * 4096 + 100_000 - 24 * 4096
    #expect(source.readByteCount.withLock { $0 } == expected)
    let part = ByteStore(ByteStore(store, range: 1000..<50_000), range: 500..<600)
    #expect(part.array(0..<100) == (1500..<1600).map(Source.byte))
    #expect(part.needsHolding && part.isFile && !part.isMapped)
  }

  @Test("memory stays within the limit, whatever is read, and what is held stays")
  func bounds() throws {
    let count = 64 << 20
    let store = try store(Source(), count)
    let held = 5_000_000..<5_010_000
    try store.hold(held)
    let sum = try store.checksum(of: 0..<count)
    #expect(store.residentByteCount <= FileBlocks.idleByteCount + 4 * 4096 + (1 << 20))
    unsafe store.withUnsafeBytes { bytes in
      for place in held { #expect(unsafe bytes[place] == Source.byte(place)) }
    }
    store.release(held)
    #expect(try store.checksum(of: 0..<count, dropping: true) == sum)
    store.drop(0..<count)
    #expect(store.residentByteCount == 0)
  }

  @Test("two threads read what the other drops")
  func threads() throws {
    let store = try store(Source(), 1 << 20)
    concurrentPerform(2) { _ in
      for round in 0..<400 {
        let start = round * 7919 % (1 << 20 - 20_000)
        let bytes = store.array(start..<start + 20_000)
        store.drop(0..<1 << 20)
        if bytes != (start..<start + 20_000).map(Source.byte) { Issue.record("other bytes at \(start)") }
      }
    }
  }

  @Test("a failure is thrown where it can be, and kept where it cannot")
  func failures() throws {
    let store = try store(Source(end: 10_000), 20_000)
    #expect(store.array(0..<4) == (0..<4).map(Source.byte))
    #expect(store.failure == nil)
    #expect(store.array(9000..<15_000) == [UInt8](repeating: 0, count: 6000))
    #expect(store.failure?.message == "cut")
    #expect(throws: CheckpointError(.inputOutput, "")) { try store.requireWhole() }
    #expect(throws: CheckpointError(.inputOutput, "")) { try store.checksum(of: 0..<20_000) }
  }

  @Test("a file that shrinks is an error, not a signal")
  func shrinking() throws {
    let folder = try TemporaryFolder()
    let tensor = try Tensor([Float](repeating: 1, count: 1 << 20), shape: [1 << 20])
    try StateDict([(name: "w", tensor: tensor)]).write(toPath: folder.path("m.safetensors"))
    let url = folder.url.appendingPathComponent("m.safetensors")
    let path = folder.path("m.safetensors")
    let weights = try StateDict(
      safetensors: ByteStore(path: FilePath(path), .unmapped), file: path, checksOnUse: true)
    let first = try #require(weights["w"])
    try FileHandle(forWritingTo: url).truncate(atOffset: 5000)
    #expect(throws: CheckpointError(.inputOutput, "")) { try [Float](first) }
    let error = #expect(throws: CheckpointError(.inputOutput, "")) {
      try weights.write(toPath: folder.path("n.safetensors"))
    }
    #expect(error?.message.hasPrefix("The file shrank while it was read") == true)
    #expect(try folder.names == ["m.safetensors"])
  }

  @Test("a span keeps its bytes, whatever is read after it")
  func spans() throws {
    let store = try store(Source(), 40 << 20)
    let storage = Storage(.region(store, offset: 8), byteCount: 40 << 20 - 8, key: "0", origin: .memory)
    let tensor = try view(storage, .uint8, [10_000], strides: [1], offset: 50_000)
    let span = try tensor.bytes
    _ = try store.checksum(of: 0..<40 << 20, dropping: true)
    for place in stride(from: 0, to: 10_000, by: 97) {
      #expect(unsafe span.unsafeLoad(fromByteOffset: place, as: UInt8.self) == Source.byte(50_008 + place))
    }
  }

  @Test("local files are mapped, and files on network file systems are known by their types")
  func networks() throws {
    let folder = try TemporaryFolder(["a": [1, 2, 3]])
    #expect(try ByteStore(path: FilePath(folder.path("a")), .unmapped).needsHolding)
    #expect(try ByteStore(path: FilePath(folder.path("a")), .mapped).isMapped)
    #if os(Linux)
      // NFS, SMB, FUSE; not ext4, tmpfs, xfs, btrfs, overlayfs.
      for type: UInt32 in [0x6969, 0xFF53_4D42, 0x6573_5546] { #expect(NetworkFileSystem.types.contains(type)) }
      for type: UInt32 in [0xEF53, 0x0102_1994, 0x5846_5342, 0x9123_683E, 0x794C_7630] {
        #expect(!NetworkFileSystem.types.contains(type))
      }
    #endif
  }
}
