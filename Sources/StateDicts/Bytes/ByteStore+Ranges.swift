extension ByteStore {
  /// Returns a copy of the bytes in a range, as far as they are there.
  ///
  /// If a file cannot be read, `failure` says why, and whoever opened it throws that.
  package func array(_ range: Range<Int>) -> [UInt8] {
    unsafe held(range) { bytes in unsafe Array(bytes) }
      ?? [UInt8](repeating: 0, count: range.clamped(to: 0..<count).count)
  }

  /// Returns the bytes in a range, as far as they are there, as UTF-8 in which what is invalid is replaced.
  package func text(_ range: Range<Int>) -> String {
    unsafe held(range) { bytes in unsafe String(decoding: bytes, as: UTF8.self) } ?? ""
  }

  private func held<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    let range = range.clamped(to: 0..<count)
    guard (try? hold(range)) != nil else { return nil }
    defer { release(range) }
    return unsafe withUnsafeBytes { bytes in unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
  }

  /// Calls `body` with the bytes of a range, a window at a time, whose memory is given back.
  package func forEachWindow(of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    for window in Self.windows(of: range) {
      try hold(window)
      defer {
        release(window)
        drop(window)
      }
      try unsafe withUnsafeBytes { bytes in try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[window])) }
    }
  }

  /// Copies bytes.
  ///
  /// - Throws: `inputOutput`.
  package func copy(_ range: Range<Int>, to target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    try hold(range)
    defer { release(range) }
    unsafe withUnsafeBytes { bytes in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
  }
}
