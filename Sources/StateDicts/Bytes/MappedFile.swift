#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The file of a mapping, opened again to read small pieces that are far apart.
///
/// A piece that is touched in a mapping brings 64 KiB of its neighbours with it, which count as memory in use; read
/// instead, it is only copied.
final class MappedFile: Sendable {
  private let descriptor: Int32
  let path: FilePath
  let identity: FileIdentity

  /// Opens the file if it is still the one that was mapped.
  ///
  /// The corresponding C functions are `open` and `fstat`.
  init?(path: FilePath, identity: FileIdentity) {
    self.path = path
    self.identity = identity
    descriptor = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0, FileIdentity(descriptor) == identity else {
      if descriptor >= 0 { close(descriptor) }
      return nil
    }
  }

  deinit { close(descriptor) }

  /// Whether all bytes from a place on could be read.
  ///
  /// The corresponding C function is `pread`.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < target.count {
      let count = unsafe pread(
        descriptor, target.baseAddress.map { unsafe $0 + done }, target.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}

/// What makes a file the one that it was: its device, number and size.
struct FileIdentity: Equatable, Sendable {
  private let device: UInt64
  private let number: UInt64
  let byteCount: Int64
  /// When it was last written to: seconds and nanoseconds.
  let modified: Time

  struct Time: CustomStringConvertible, Equatable, Sendable {
    let seconds: Int
    let nanoseconds: Int

    var description: String { "\(seconds).\(nanoseconds)" }
  }

  /// Whether it is the same file, as large as it was.
  static func == (left: FileIdentity, right: FileIdentity) -> Bool {
    left.isSameFile(as: right) && left.byteCount == right.byteCount
  }

  init?(_ descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// What is at a path now.
  init?(_ path: FilePath) {
    var status = stat()
    guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else { return nil }
    self.init(status)
  }

  /// Whether it is the same file, whatever its size.
  func isSameFile(as other: FileIdentity) -> Bool { device == other.device && number == other.number }

  private init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    number = UInt64(truncatingIfNeeded: status.st_ino)
    byteCount = Int64(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = Time(seconds: Int(time.tv_sec), nanoseconds: Int(time.tv_nsec))
  }
}
