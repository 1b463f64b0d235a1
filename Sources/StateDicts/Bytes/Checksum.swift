import CPth2swtZlib

#if os(Linux)
  import CPth2swtDeflate
#endif

/// A CRC-32 as zip has it (polynomial 0xEDB88320).
///
/// On Linux libdeflate takes it, by the processor's carry-less multiplication: 14 GB/s where Debian's zlib reaches 4, and
/// converting a checkpoint is little else than copying and this. Apple's zlib has such instructions itself.
package struct Checksum: Equatable, Sendable {
  package private(set) var value: UInt32 = 0

  package init() {}

  package init(_ value: UInt32) {
    self.value = value
  }

  package init(of bytes: UnsafeRawBufferPointer) {
    unsafe update(with: bytes)
  }

  /// Takes in the next bytes.
  ///
  /// The corresponding C functions are `libdeflate_crc32` and `crc32_z`.
  package mutating func update(with bytes: UnsafeRawBufferPointer) {
    // Without bytes the C functions give the first value, whatever came before.
    guard let start = bytes.baseAddress, unsafe !bytes.isEmpty else { return }
    #if os(Linux)
      value = unsafe libdeflate_crc32(value, start, bytes.count)
    #else
      value = unsafe UInt32(
        truncatingIfNeeded: crc32_z(uLong(value), start.assumingMemoryBound(to: UInt8.self), z_size_t(bytes.count)))
    #endif
  }

  /// Takes in bytes whose own checksum is known.
  ///
  /// The corresponding C function is `crc32_combine`.
  package mutating func append(_ next: Checksum, byteCount: Int) {
    value = UInt32(truncatingIfNeeded: crc32_combine(uLong(value), uLong(next.value), numericCast(byteCount)))
  }

  /// Holds the checksum of bytes against the one that their file gives.
  ///
  /// - Throws: `checksumMismatch`.
  package func require(_ expected: Checksum, file: String, entry: String) throws(CheckpointError) {
    guard self == expected else {
      throw CheckpointError.damaged(
        "CRC-32 mismatch: stored \(expected.hexadecimal), computed \(hexadecimal).",
        file: file, entry: entry)
    }
  }

  /// Eight hexadecimal digits.
  package var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

extension UInt8 {
  /// Two hexadecimal digits.
  package var hexadecimal: String {
    let digits = String(self, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }
}
