import StateDicts
import Testing

@Suite("Spans of bytes that were unpacked")
struct PackedSpanTests {
  /// Bytes 0 to 5, and how often they were unpacked.
  private final class Packed: StorageContents {
    let loads = Locked(0)

    func load() throws(CheckpointError) -> ByteStore {
      loads.withLock { $0 += 1 }
      return ByteStore(copying: 0..<6)
    }

    func forEachWindow(
      _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
      try unsafe load().withUnsafeBytes { bytes throws(CheckpointError) in try unsafe body(bytes) }
    }
  }

  private func tensor(_ storage: Storage, strides: [Int]) throws -> Tensor {
    Tensor(
      elementType: .uint8,
      geometry: try TensorGeometry(
        shape: [2, 3], strides: strides, offset: 0, elementByteCount: 1, storageByteCount: 6),
      storage: storage)
  }

  @Test("A span stays good though a transposed view of the same storage is passed through and its bytes dropped")
  func spanOutlivesDropping() throws {
    let packed = Packed()
    let storage = Storage(.lazy(packed), byteCount: 6, key: "0", origin: StorageOrigin(file: "<test>"))
    let plain = try tensor(storage, strides: [3, 1])
    let transposed = try tensor(storage, strides: [1, 2])
    let span = try plain.bytes
    try unsafe transposed.forEachWindow { window in #expect(unsafe window.elementsEqual([0, 2, 4, 1, 3, 5])) }
    try plain.readAll()
    #expect(packed.loads.withLock { $0 } == 1, "unpacked anew, so the bytes of the first span were freed")
    let values = (0..<6).map { unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    #expect(values == [0, 1, 2, 3, 4, 5])
  }

  @Test("Where no span was taken, the bytes are freed after a view was passed through")
  func droppedWithoutSpan() throws {
    let packed = Packed()
    let storage = Storage(.lazy(packed), byteCount: 6, key: "0", origin: StorageOrigin(file: "<test>"))
    let transposed = try tensor(storage, strides: [1, 2])
    for _ in 0..<2 { try unsafe transposed.forEachWindow { _ in } }
    #expect(packed.loads.withLock { $0 } == 2)
  }
}
