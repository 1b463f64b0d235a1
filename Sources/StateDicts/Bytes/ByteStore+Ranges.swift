extension ByteStore {
  /// Returns a copy of the bytes in a range, as far as they are there.
  package func array(_ range: Range<Int>) -> [UInt8] {
    // What cannot be had is zeros here, and an error when the file is opened.
    try? require(range)
    return unsafe withUnsafeBytes { bytes in unsafe Array(bytes[range.clamped(to: bytes.indices)]) }
  }

  /// Returns the bytes in a range, as far as they are there, as UTF-8 in which what is invalid is replaced.
  package func text(_ range: Range<Int>) -> String {
    try? require(range)
    return unsafe withUnsafeBytes { bytes in
      unsafe String(decoding: bytes[range.clamped(to: bytes.indices)], as: UTF8.self)
    }
  }
}
