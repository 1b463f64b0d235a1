#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that appears under its name when it is whole, and not before.
///
/// On Linux it has no name at all until then (`O_TMPFILE`), so that even `kill -9` leaves nothing. Where the file system
/// cannot do that, it is a hidden file beside its target, removed if it is not finished; programs that may be ended by
/// a signal call `removeUnfinished()` first.
package final class AtomicFile: @unchecked Sendable {
  private let path: String
  private let overwrites: Bool
  private let descriptor: Int32
  /// The hidden file's path; nil while the file has no name.
  private let temporaryPath: String?
  /// Held while bytes are written: Linux lets one thread write to a file at a time, and another would spin for its turn
  /// on a processor that somebody else can use.
  private let isWriting = Locked(())

  /// How much is written at once.
  ///
  /// Linux keeps what one call writes in pieces of memory as large as the call, and where memory is in fragments it takes
  /// long to find those of a megabyte: 4.3 GB took 1.2 to 2.9 s by 1 MiB, 1.1 to 1.5 s by 512 KiB.
  private static let largestWrite = 512 << 10

  /// Begins a file.
  ///
  /// The corresponding C function is `open`.
  ///
  /// - Throws: `outputExists` unless `overwrites`; `cannotCreate`.
  package init(path: String, overwrites: Bool) throws(CheckpointError) {
    self.path = path
    self.overwrites = overwrites
    var status = stat()
    if unsafe stat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR {
        throw CheckpointError(.cannotCreate, "There is a folder of that name.", file: path)
      }
      guard overwrites else { throw Self.exists(path) }
    }
    #if os(Linux)
      let nameless = unsafe open(Self.folder(of: path), O_WRONLY | O_CLOEXEC | O_DIRECTORY | 0o20000000, 0o666)
      if nameless >= 0 {
        descriptor = nameless
        temporaryPath = nil
        return
      }
    #endif
    let hidden = Self.hiddenPath(beside: path)
    descriptor = unsafe open(hidden, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, 0o666)
    guard descriptor >= 0 else {
      throw CheckpointError(
        .cannotCreate, "The file cannot be created: \(systemMessage(errno)).", file: path,
        remedy: "check that the folder exists and may be written to")
    }
    temporaryPath = hidden
    Self.unfinished.withLock { paths in _ = paths.insert(hidden) }
  }

  deinit {
    close(descriptor)
    if let temporaryPath { Self.remove(temporaryPath) }
  }

  /// Writes bytes at an offset; from several threads at once, if they like.
  ///
  /// The corresponding C function is `pwrite`.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(CheckpointError) {
    try isWriting.withLock { _ throws(CheckpointError) in
      var done = 0
      while done < bytes.count {
        let count = unsafe pwrite(
          descriptor, bytes.baseAddress.map { unsafe $0 + done }, min(bytes.count - done, Self.largestWrite),
          off_t(offset + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw Self.writing(path, errno, offset + done) }
        done += count
      }
    }
  }

  /// Gives the file its name.
  ///
  /// The corresponding C functions are `linkat` and `rename`.
  ///
  /// - Throws: `outputExists` if a file of that name has appeared meanwhile; `cannotCreate`.
  package func commit() throws(CheckpointError) {
    if let temporaryPath {
      if !overwrites, unsafe access(path, F_OK) == 0 { throw Self.exists(path) }
      try rename(temporaryPath)
      return
    }
    #if os(Linux)
      let source = "/proc/self/fd/\(descriptor)"
      if unsafe linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 { return }
      guard errno == EEXIST else {
        throw CheckpointError(.cannotCreate, "The file cannot be named: \(systemMessage(errno)).", file: path)
      }
      guard overwrites else { throw Self.exists(path) }
      // A link cannot take another file's place; a renaming can.
      let hidden = Self.hiddenPath(beside: path)
      // Known before it is there: a signal, or a renaming that fails, removes it.
      Self.unfinished.withLock { paths in _ = paths.insert(hidden) }
      guard unsafe linkat(AT_FDCWD, source, AT_FDCWD, hidden, AT_SYMLINK_FOLLOW) == 0 else {
        Self.unfinished.withLock { paths in _ = paths.remove(hidden) }
        throw CheckpointError(.cannotCreate, "The file cannot be named: \(systemMessage(errno)).", file: path)
      }
      try rename(hidden)
    #endif
  }

  private func rename(_ hidden: String) throws(CheckpointError) {
    guard Self.systemRename(hidden, path) == 0 else {
      let reason = systemMessage(errno)
      Self.remove(hidden)
      throw CheckpointError(.cannotCreate, "The file cannot be named: \(reason).", file: path)
    }
    Self.unfinished.withLock { paths in _ = paths.remove(hidden) }
  }

  // MARK: - Hidden files

  private static let unfinished = Locked(Set<String>())

  /// Removes what is not finished, before a program is ended by a signal.
  package static func removeUnfinished() {
    for path in unfinished.withLock({ $0 }) { remove(path) }
  }

  private static func remove(_ hidden: String) {
    guard unfinished.withLock({ $0.remove(hidden) }) != nil else { return }
    _ = unsafe unlink(hidden)
  }

  private static func systemRename(_ old: String, _ new: String) -> Int32 {
    #if canImport(Darwin)
      unsafe Darwin.rename(old, new)
    #elseif canImport(Glibc)
      unsafe Glibc.rename(old, new)
    #else
      unsafe Musl.rename(old, new)
    #endif
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func hiddenPath(beside path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return "\(folder(of: path))/.\(name.prefix(200)).\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
  }

  private static func exists(_ path: String) -> CheckpointError {
    CheckpointError(
      .outputExists, "There is a file of that name, which is not overwritten.", file: path,
      remedy: "name another, or pass --force (overwrites: true)")
  }

  private static func writing(_ path: String, _ code: Int32, _ offset: Int) -> CheckpointError {
    switch code {
    case ENOSPC, EDQUOT:
      CheckpointError(
        .inputOutput, "The disk is full.", file: path, offset: offset,
        remedy: "free some space, or write to another disk; nothing was left behind")
    case EFBIG:
      CheckpointError(
        .inputOutput, "The file would be larger than this system or session allows.", file: path, offset: offset)
    default: CheckpointError(.inputOutput, "Writing failed: \(systemMessage(code)).", file: path, offset: offset)
    }
  }
}
