/// Memory to gather into, which grows to what is asked for.
@safe package final class Scratch {
  private var buffer: UnsafeMutableRawBufferPointer

  package init(byteCount: Int = 0) throws(CheckpointError) {
    unsafe buffer = try unsafe .aligned(byteCount: byteCount)
  }

  deinit { unsafe buffer.deallocate() }

  /// All of it, as it is now.
  var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(buffer) }

  /// Calls `body` with `count` bytes, of which nothing is known.
  package func withBytes<Result>(count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result) throws
    -> Result
  {
    if unsafe buffer.count < count {
      let larger = try unsafe UnsafeMutableRawBufferPointer.aligned(byteCount: count)
      unsafe buffer.deallocate()
      unsafe buffer = larger
    }
    return try unsafe body(UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count]))
  }
}
