import StateDicts

/// A place in bytes that only moves forward and never leaves them.
///
///     80 02 4b 07 2e      read(UInt8.self) = 0x80, take(1) = 1..<2, line() throws: there is no newline
struct ByteCursor: ~Escapable {
  let bytes: RawSpan
  private(set) var position: Int
  /// Keeps what was passed in memory; nil for bytes that are there anyway.
  private let held: HeldBytes?
  /// Up to where they can be read, at most all of `bytes`: the file may go on behind them.
  private var readable: Int

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan, at position: Int = 0, held: HeldBytes? = nil) {
    self.bytes = bytes
    self.position = position
    self.held = held
    readable = held == nil ? bytes.byteCount : position
  }

  var remaining: Int { bytes.byteCount - position }

  /// The next bytes as a little-endian number.
  @inline(__always)
  mutating func read<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) throws(CheckpointError) -> Number {
    let width = MemoryLayout<Number>.size
    if position + width > readable { try read(to: position + width) }
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
      if end >= readable { try read(to: end + 1) }
      if unsafe bytes.unsafeLoad(fromByteOffset: end, as: UInt8.self) == 0x0A {
        defer { position = end + 1 }
        return position..<end
      }
      end += 1
    }
    throw CheckpointError(
      .malformedPickle, "A line is not terminated.", offset: position, remedy: CheckpointError.cutShort)
  }

  /// Reads on, at least up to `end`.
  @inline(never)
  private mutating func read(to end: Int) throws(CheckpointError) {
    guard end <= bytes.byteCount else { throw tooShort(end - position) }
    // What was only passed over, such as the bytes of an array, is not read.
    if let held { readable = min(try held.extend(from: max(readable, position), to: end), bytes.byteCount) }
  }

  @inline(never)
  private func tooShort(_ count: Int) -> CheckpointError {
    CheckpointError(
      .malformedPickle, "\(count) bytes are needed, but only \(remaining) are left.", offset: position,
      remedy: CheckpointError.cutShort)
  }
}
