import CPth2swtZlib
import StateDicts

/// A gzip stream, of one file or of several one after another.
///
///     1f 8b 08 …  deflated bytes  crc-32  size        as often as there are streams; zeros may follow
///
/// Source: RFC 1952. zlib checks each stream's CRC-32 and size.
enum Gzip {
  static func isGzip(_ head: [UInt8]) -> Bool { head.starts(with: [0x1F, 0x8B, 8]) }

  /// The first bytes of what was compressed, at most `count`.
  static func head(of store: ByteStore, count: Int) throws(CheckpointError) -> [UInt8] {
    var head: [UInt8] = []
    try unsafe inflate(store) { window in
      unsafe head.append(contentsOf: window.prefix(count - head.count))
      return head.count < count
    }
    return head
  }

  /// All of what was compressed.
  static func unpack(_ store: ByteStore, _ unpacking: Unpacking) throws(CheckpointError) -> ByteStore {
    try unsafe unpacking.bytes { (append) throws(CheckpointError) in
      try unsafe inflate(store) { window throws(CheckpointError) in
        try unsafe append(window)
        return true
      }
    }
  }

  /// Calls `body` with the inflated bytes until it returns false.
  ///
  /// - Throws: `truncated`, `checksumMismatch`, `malformedArchive`.
  private static func inflate(
    _ store: ByteStore, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Bool
  ) throws(CheckpointError) {
    let inflater = try Inflater()
    var position = 0
    var isBetween = false
    while position < store.count {
      let window = position..<min(position + Tensor.windowByteCount, store.count)
      try store.hold(window)
      defer { store.release(window) }
      let step = try unsafe store.withUnsafeBytes { (all) throws(CheckpointError) -> Inflater.Step in
        let input = unsafe UnsafeRawBufferPointer(rebasing: all[window])
        if isBetween {
          let zeros = unsafe input.prefix { $0 == 0 }.count
          if zeros > 0 { return Inflater.Step(taken: zeros, state: .between) }
          guard unsafe input.starts(with: [0x1F, 0x8B]) else {
            throw CheckpointError.malformedArchive(
              "Unexpected bytes after a gzip stream.", offset: position)
          }
        }
        return try unsafe inflater.inflate(input, at: position, body)
      }
      guard step.taken > 0 || step.state == .stopped else {
        throw CheckpointError.malformedArchive("The gzip stream stops.", offset: position)
      }
      position += step.taken
      isBetween = step.state == .between
      if step.state == .stopped { return }
      store.drop(window.lowerBound..<position)
    }
    guard isBetween else {
      throw CheckpointError.truncated("The gzip stream is truncated.", offset: store.count)
    }
  }
}

/// zlib's inflating stream, with its window for what comes out.
@safe private final class Inflater {
  enum State { case within, between, stopped }

  struct Step {
    let taken: Int
    let state: State
  }

  // zlib remembers where its stream lies, so that it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let output: UnsafeMutableRawBufferPointer

  /// The corresponding C function is `inflateInit2`, with 31 for gzip.
  init() throws(CheckpointError) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    unsafe output = .allocate(byteCount: 1 << 18, alignment: 64)
    let code = unsafe inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      throw CheckpointError(.inputOutput, "zlib cannot be started (\(code)).", remedy: "check the free memory")
    }
  }

  deinit {
    _ = unsafe inflateEnd(stream)
    unsafe stream.deallocate()
    unsafe output.deallocate()
  }

  /// Inflates a window of the file until it is used up or a stream ends.
  func inflate(
    _ input: UnsafeRawBufferPointer, at position: Int,
    _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Bool
  ) throws(CheckpointError) -> Step {
    let bytes = unsafe input.bindMemory(to: UInt8.self)
    unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
    unsafe stream.pointee.avail_in = UInt32(input.count)
    let target = unsafe output.bindMemory(to: UInt8.self)
    while true {
      unsafe stream.pointee.next_out = target.baseAddress
      unsafe stream.pointee.avail_out = UInt32(output.count)
      let code = unsafe CPth2swtZlib.inflate(stream, Z_NO_FLUSH)
      let taken = unsafe input.count - Int(stream.pointee.avail_in)
      guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
        let reason = unsafe stream.pointee.msg.map { unsafe String(cString: $0) } ?? "code \(code)"
        throw CheckpointError.damaged("The gzip stream is damaged (zlib: \(reason)).", offset: position + taken)
      }
      let made = unsafe output.count - Int(stream.pointee.avail_out)
      if made > 0, try unsafe !body(UnsafeRawBufferPointer(rebasing: output[0..<made])) {
        return Step(taken: taken, state: .stopped)
      }
      if code == Z_STREAM_END {
        _ = unsafe inflateReset(stream)
        return Step(taken: taken, state: .between)
      }
      // Room is left in the output, so all of the input was used.
      if unsafe made < output.count { return Step(taken: taken, state: .within) }
    }
  }
}
