import StateDicts

/// A place in bytes that only moves forward and never leaves them.
///
///     80 02 4b 07 2e      read(UInt8.self) = 0x80, take(1) = 1..<2, line() throws: there is no newline
struct ByteCursor: ~Escapable {
  let bytes: RawSpan
  private(set) var position: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  var remaining: Int { bytes.byteCount - position }

  /// The next bytes as a little-endian number.
  @inline(__always)
  mutating func read<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) throws(CheckpointError) -> Number {
    let width = MemoryLayout<Number>.size
    guard remaining >= width else { throw tooShort(width) }
    let value = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: position, as: Number.self)
    position += width
    return Number(littleEndian: value)
  }

  /// The range of the next `count` bytes.
  mutating func take(_ count: Int) throws(CheckpointError) -> Range<Int> {
    guard count >= 0, count <= remaining else { throw tooShort(count) }
    defer { position += count }
    return position..<position + count
  }

  /// The range of the bytes up to the next newline, which is passed over.
  mutating func line() throws(CheckpointError) -> Range<Int> {
    var end = position
    while end < bytes.byteCount {
      if unsafe bytes.unsafeLoad(fromByteOffset: end, as: UInt8.self) == 0x0A {
        defer { position = end + 1 }
        return position..<end
      }
      end += 1
    }
    throw CheckpointError(
      .malformedPickle, "A line is not terminated.", offset: position, remedy: CheckpointError.cutShort)
  }

  @inline(never)
  private func tooShort(_ count: Int) -> CheckpointError {
    CheckpointError(
      .malformedPickle, "\(count) bytes are needed, but only \(remaining) are left.", offset: position,
      remedy: CheckpointError.cutShort)
  }
}
