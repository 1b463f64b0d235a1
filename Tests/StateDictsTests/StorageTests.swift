import StateDicts
import Testing

/// Storages whose bytes are read when they are asked for, checked once, from any number of tasks.
struct StorageTests {
  /// Bytes that count how often they are unpacked.
  private final class CountedContents: StorageContents {
    let bytes: [UInt8]
    let loads = Locked(0)
    let walks = Locked(0)

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
    }

    func load() throws(CheckpointError) -> ByteStore {
      loads.withLock { $0 += 1 }
      return ByteStore(copying: bytes)
    }

    func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
      walks.withLock { $0 += 1 }
      for start in stride(from: 0, to: bytes.count, by: 5) {
        try unsafe ByteStore(copying: bytes[start..<min(start + 5, bytes.count)]).withUnsafeBytes(body)
      }
    }
  }

  private func lazyStorage(_ contents: CountedContents, checksum: Checksum? = nil, checksOnUse: Bool = true) -> Storage
  {
    Storage(
      .lazy(contents), byteCount: contents.bytes.count, key: "7", checksum: checksum,
      origin: StorageOrigin(file: "m.pth", entryPrefix: "archive/data/", checksOnUse: checksOnUse))
  }

  @Test("nothing is unpacked before a byte is asked for, and then once")
  func lazy() throws {
    let contents = CountedContents(Array(0..<64))
    let storage = lazyStorage(contents)
    let first = try view(storage, .uint8, [4, 8])
    let second = try view(storage, .float32, [2, 2], strides: [1, 2], offset: 3)
    #expect(first.byteCount + second.byteCount == 48)
    #expect(contents.loads.withLock { $0 } == 0)
    #expect(try first.gathered == Array(0..<32))
    #expect(try second.gathered.count == 16)
    #expect(contents.loads.withLock { $0 } == 1)
    storage.drop()
    #expect(try first.gathered == Array(0..<32))
    #expect(contents.loads.withLock { $0 } == 2)
  }

  @Test("a tensor in C order passes through in windows that are not kept")
  func windows() throws {
    let contents = CountedContents(Array(0..<64))
    let tensor = try view(lazyStorage(contents), .uint8, [3, 7], offset: 11)
    #expect(try tensor.windowed == Array(11..<32))
    #expect(contents.loads.withLock { $0 } == 0)
    #expect(contents.walks.withLock { $0 } == 1)
  }

  @Test("a hundred tasks read one storage at once: it is unpacked once and right for each")
  func concurrent() async throws {
    let contents = CountedContents((0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let checksum = unsafe contents.bytes.withUnsafeBytes { unsafe Checksum(of: $0) }
    let storage = lazyStorage(contents, checksum: checksum)
    let sums = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
      for task in 0..<100 {
        group.addTask {
          let tensor = try view(storage, .uint8, [100, 400], strides: [1, 100], offset: 0)
          let row = try view(storage, .uint8, [400], offset: task * 400)
          return (try [Int](tensor).reduce(0, +), try [Int](row).reduce(0, +))
        }
      }
      return try await group.reduce(into: [(Int, Int)]()) { $0.append($1) }
    }
    let total = contents.bytes.reduce(0) { $0 + Int($1) }
    #expect(sums.count == 100)
    #expect(sums.allSatisfy { $0.0 == total })
    #expect(sums.reduce(0) { $0 + $1.1 } == total)
    #expect(contents.loads.withLock { $0 } == 1)
  }

  private func damaged(checksOnUse: Bool = true) -> Storage {
    let store = ByteStore(copying: Array(UInt8(0)..<16))
    return Storage(
      .region(store, offset: 0), byteCount: 16, key: "7", checksum: Checksum(0xDEAD_BEEF),
      origin: StorageOrigin(file: "m.pth", entryPrefix: "archive/data/", checksOnUse: checksOnUse))
  }

  @Test("a damaged storage is refused wherever its bytes are used in whole, with its file and entry")
  func checksum() throws {
    let whole = try view(damaged(), .float32, [4])
    let error = #expect(throws: CheckpointError(.checksumMismatch, "")) { try [Float](whole) }
    #expect(error?.file == "m.pth")
    #expect(error?.entry == "archive/data/7")
    #expect(error?.message.contains("deadbeef") == true)
    #expect(error?.remedy != nil)
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try whole.bytes.byteCount }
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try whole.contiguous() }
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try whole.windowed }
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try whole.storage.verify() }
    let turned = try view(damaged(), .float32, [2, 2], strides: [1, 2])
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try turned.gathered }
    let stateDict = try StateDict([("w", whole)])
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try stateDict.fingerprint() }
  }

  @Test("a part of a damaged storage can be read, and all of it where the options say so")
  func unchecked() throws {
    #expect(try view(damaged(), .float32, [2], offset: 1).gathered == Array(4..<12))
    let whole = try view(damaged(checksOnUse: false), .float32, [4])
    #expect(try whole.gathered == Array(0..<16))
    #expect(throws: CheckpointError(.checksumMismatch, "")) { try whole.storage.verify() }
  }

  @Test("a damaged storage is never written, not even a part of it, nor where the options check nothing")
  func neverWritten() throws {
    let folder = try TemporaryFolder()
    for tensor in try [
      view(damaged(), .float32, [4]), view(damaged(), .float32, [1]),
      view(damaged(), .float32, [2, 2], strides: [1, 2]),
      view(damaged(checksOnUse: false), .float32, [4]), view(damaged(checksOnUse: false), .float32, [1], offset: 3),
    ] {
      #expect(throws: CheckpointError(.checksumMismatch, "")) {
        try StateDict([("w", tensor)]).write(toPath: folder.path("m.swt"))
      }
      #expect(try folder.names == [])
    }
  }

  @Test("CRC-32 is zip's: of nothing, of the check text, put together from parts")
  func crc() {
    func checksum(_ text: String) -> Checksum { unsafe Array(text.utf8).withUnsafeBytes { unsafe Checksum(of: $0) } }
    #expect(Checksum().hexadecimal == "00000000")
    #expect(checksum("123456789").hexadecimal == "cbf43926")
    var parts = checksum("1234")
    parts.append(checksum("56789"), byteCount: 5)
    #expect(parts == checksum("123456789"))
    #expect(Checksum(10).hexadecimal == "0000000a")
  }

  @Test("libdeflate, where it is installed, and zlib compute the same CRC-32")
  func functions() throws {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }
    for function in [CRC32Function.zlib, .fastest] + [CRC32Function.libdeflate].compactMap({ $0 }) {
      var sums: [String] = []
      for range in [0..<9, 1..<64, 3..<4097, 0..<5000] {
        var sum = Checksum(0x1234_5678)
        unsafe bytes[range].withUnsafeBytes { unsafe sum.update(with: $0, by: function) }
        sums.append(sum.hexadecimal)
      }
      #expect(sums == ["ad3ce67c", "3cbb8503", "978c4a7e", "49ba1668"])
    }
  }

  @Test("a run of many pieces ends at the first failure, with that failure")
  func concurrentMapFails() throws {
    #expect(try concurrentMap(Array(0..<1000)) { $0 * 2 } == Array(stride(from: 0, to: 2000, by: 2)))
    #expect(try concurrentMap([Int]()) { $0 } == [])
    #expect(throws: CheckpointError(.truncated, "")) {
      try concurrentMap(Array(0..<1000)) { item in
        if item == 17 { throw CheckpointError(.truncated, "seventeen") }
        return item
      }
    }
  }
}
