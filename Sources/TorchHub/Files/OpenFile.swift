import Foundation
import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file descriptor, closed with its last owner, with the few POSIX calls that a download needs and Foundation lacks.
final class OpenFile: Sendable {
  let path: String
  private let descriptor: CInt

  /// Opens a file to read.
  ///
  /// - Throws: `notReadable`, `inputOutput`.
  init(reading path: String) throws(CheckpointError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFailure(errno).error(file: path, otherwise: .notReadable) }
  }

  /// Opens a file for writing, and creates it if necessary.
  ///
  /// Its permissions are those that the user's umask leaves, as torch has it. A symbolic link is refused: the name
  /// beside the target is easy to guess.
  ///
  /// - Throws: `cannotCreate`, `inputOutput`.
  init(writing path: String) throws(CheckpointError) {
    self.path = path
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemFailure(errno).error(file: path, otherwise: .cannotCreate) }
  }

  deinit { close(descriptor) }

  /// Whether a path, links followed, leads to a folder; nil if it leads nowhere.
  static func isFolder(_ path: String) -> Bool? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// What came of asking for the file alone.
  enum Claim {
    case held
    case busy
    /// This file system has no locks.
    case unsupported
  }

  /// Asks to have the file alone, until it is closed; other processes that ask will hear that it is busy.
  func claim() -> Claim {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return .held }
    return errno == EWOULDBLOCK || errno == EINTR ? .busy : .unsupported
  }

  /// Whether the path still leads to this file: another process may have renamed or removed it before we locked it.
  func isStillThere() -> Bool {
    var mine = stat()
    var named = stat()
    return unsafe fstat(descriptor, &mine) == 0 && lstat(path, &named) == 0
      && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev
  }

  /// How many bytes the file has.
  func size() throws(CheckpointError) -> Int64 {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemFailure(errno).error(file: path) }
    return Int64(status.st_size)
  }

  /// How many more bytes the file system would take; nil if it does not say.
  func freeBytes() -> Int64? {
    var system = statvfs()
    guard unsafe fstatvfs(descriptor, &system) == 0 else { return nil }
    let (bytes, overflow) = Int64(clamping: system.f_bavail).multipliedReportingOverflow(by: Int64(system.f_frsize))
    return overflow ? .max : bytes
  }

  /// Writes all of the data.
  ///
  /// - Throws: `cannotCreate` if the disk is full, `inputOutput`.
  func write(_ data: Data, at offset: Int64) throws(CheckpointError) {
    var done = 0
    while done < data.count {
      let count = unsafe data.withUnsafeBytes { bytes in
        unsafe pwrite(
          descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemFailure(errno).error(file: path)
      }
      done += count
    }
  }

  /// Reads up to a number of bytes; none at the end of the file.
  func read(at offset: Int64, count: Int) throws(CheckpointError) -> Data {
    var data = Data(count: count)
    while true {
      let got = unsafe data.withUnsafeMutableBytes { bytes in
        unsafe pread(descriptor, bytes.baseAddress, bytes.count, off_t(offset))
      }
      if got >= 0 { return data.prefix(got) }
      if errno != EINTR { throw SystemFailure(errno).error(file: path) }
    }
  }

  /// Makes the file empty.
  func truncate() throws(CheckpointError) {
    guard ftruncate(descriptor, 0) == 0 else { throw SystemFailure(errno).error(file: path) }
  }

  /// Waits until the bytes are on the disk itself, so that a name is never given to a file that a power cut empties.
  func flush() throws(CheckpointError) {
    guard fsync(descriptor) == 0 else { throw SystemFailure(errno).error(file: path) }
  }

  /// Gives the file another name, in place of the file that may have it.
  func rename(to target: String) throws(CheckpointError) {
    #if canImport(Darwin)
      let result = unsafe Darwin.rename(path, target)
    #elseif canImport(Glibc)
      let result = unsafe Glibc.rename(path, target)
    #else
      let result = unsafe Musl.rename(path, target)
    #endif
    guard result == 0 else { throw SystemFailure(errno).error(file: target, otherwise: .cannotCreate) }
  }
}
