import StateDicts

/// An entry that is read through libzip, as a storage's bytes: all of them, or those behind a header.
struct StreamedEntry: StorageContents {
  let archive: ZipArchive
  let entry: ZipArchive.Entry
  /// How many bytes stand before the storage's.
  var skipped = 0

  func load() throws(CheckpointError) -> ByteStore {
    let whole = try archive.read(entry)
    return ByteStore(whole, range: skipped..<whole.count)
  }

  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    var position = 0
    try unsafe archive.stream(entry) { window throws(CheckpointError) in
      let start = min(max(skipped - position, 0), window.count)
      position += window.count
      if start < window.count { try unsafe body(UnsafeRawBufferPointer(rebasing: window[start...])) }
    }
  }
}
