import StateDicts

/// A text each of whose characters stands for a byte.
struct Latin1Text: StorageContents {
  let pickle: Pickle
  let slice: Pickle.Slice

  /// As many as there are characters: all bytes of UTF-8 but those that go on with one.
  var byteCount: Int { pickle.bytes(slice).count { $0 & 0xC0 != 0x80 } }

  func load() throws(CheckpointError) -> ByteStore {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for scalar in pickle.text(slice).unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else {
        throw CheckpointError.malformedTensor("A string of array data has a character that is not a byte.")
      }
      bytes.append(byte)
    }
    return ByteStore(copying: bytes)
  }

  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    try unsafe load().withUnsafeBytes(body)
  }
}
