import CPth2swtZlib

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A CRC-32 as in zip (polynomial 0xEDB88320).
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
  /// - Parameter function: Computes the checksum.
  package mutating func update(with bytes: UnsafeRawBufferPointer, by function: CRC32Function = .fastest) {
    // Without bytes the C functions return the initial value, whatever came before.
    guard let start = bytes.baseAddress, unsafe !bytes.isEmpty else { return }
    value = unsafe function.call(value, start, bytes.count)
  }

  /// Takes in bytes whose own checksum is known.
  ///
  /// The corresponding C function is `crc32_combine`.
  package mutating func append(_ next: Checksum, byteCount: Int) {
    value = UInt32(truncatingIfNeeded: crc32_combine(uLong(value), uLong(next.value), numericCast(byteCount)))
  }

  /// Checks the checksum against the one in the file.
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

/// A C function that extends a CRC-32 by the next bytes.
@safe package struct CRC32Function: Sendable {
  fileprivate let call: @convention(c) (UInt32, UnsafeRawPointer, Int) -> UInt32

  /// libdeflate's function where that library is installed, else zlib's.
  package static let fastest = libdeflate ?? zlib

  /// zlib's `crc32_z`.
  package static let zlib = unsafe CRC32Function { value, start, count in
    unsafe UInt32(
      truncatingIfNeeded: crc32_z(uLong(value), start.assumingMemoryBound(to: UInt8.self), z_size_t(count)))
  }

  /// libdeflate's `libdeflate_crc32`, found when the program runs; nil where the library is not installed.
  ///
  /// It uses the processor's carry-less multiplication: 14 GB/s where Debian's zlib reaches 4, and converting a
  /// checkpoint is little else than copying and this. Apple's zlib has such instructions itself.
  ///
  /// The corresponding C functions are `dlopen` and `dlsym`.
  package static let libdeflate: CRC32Function? = {
    #if os(Linux)
      guard let library = unsafe dlopen("libdeflate.so.0", RTLD_NOW | RTLD_LOCAL),
        let function = unsafe dlsym(library, "libdeflate_crc32")
      else { return nil }
      return unsafe CRC32Function(
        call: unsafeBitCast(function, to: (@convention(c) (UInt32, UnsafeRawPointer, Int) -> UInt32).self))
    #else
      return nil
    #endif
  }()

  private init(call: @escaping @convention(c) (UInt32, UnsafeRawPointer, Int) -> UInt32) {
    unsafe self.call = call
  }
}

extension UInt8 {
  /// Two hexadecimal digits.
  package var hexadecimal: String {
    let digits = String(self, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }
}
