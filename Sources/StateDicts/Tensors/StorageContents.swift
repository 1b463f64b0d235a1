/// Where a storage's bytes come from when they do not lie in a file as they are (a deflated archive entry).
package protocol StorageContents: Sendable {
  /// All bytes, in memory of our own. Called at most once at a time for one storage.
  func load() throws(CheckpointError) -> ByteStore
  /// Passes all bytes in order, a window at a time, without keeping them.
  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError)
}
