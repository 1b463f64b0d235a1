#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file that appears under its name only when it is complete.
///
/// On Linux it has no name at all until then (`O_TMPFILE`), so that even `kill -9` leaves nothing. Where the file
/// system cannot do that, it is a hidden file beside its target, removed if it is not finished; programs that may be
/// ended by a signal call `removeUnfinished()` first.
package final class AtomicFile: @unchecked Sendable {
  private let path: FilePath
  private let overwrites: Bool
  private let descriptor: Int32
  /// The hidden file's path; nil while the file has no name.
  private var temporaryPath: FilePath?
  private var isOpen = true
  /// Held while bytes are written: Linux lets one thread write to a file at a time, and another would spin for its turn
  /// on a processor that somebody else can use.
  private let isWriting = Locked(true)

  /// How much is written at once.
  ///
  /// Linux keeps what one call writes in pieces of memory as large as the call, and where memory is in fragments it
  /// takes long to find those of a megabyte: 4.3 GB took 1.2 to 2.9 s by 1 MiB, 1.1 to 1.5 s by 512 KiB.
  private static let largestWrite = 512 << 10

  /// Begins a file.
  ///
  /// The corresponding C function is `open`.
  ///
  /// - Parameters:
  ///   - path: The file's path.
  ///   - overwrites: Whether an existing file is replaced.
  ///   - descriptors: The folder of open files, which must be there to give a nameless file its name on Linux.
  /// - Throws: `outputExists` unless `overwrites`; `cannotCreate`.
  package init(
    path: FilePath, overwrites: Bool, descriptors: FilePath = FilePath("/proc/self/fd")
  ) throws(CheckpointError) {
    let path = try Self.target(path, overwrites: overwrites)
    self.path = path
    self.overwrites = overwrites
    if let nameless = Self.openNameless(in: path.folder, descriptors) {
      descriptor = nameless
      temporaryPath = nil
      return
    }
    let hidden = Self.hiddenPath(beside: path)
    descriptor = unsafe hidden.withCString { unsafe open($0, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, 0o666) }
    guard descriptor >= 0 else {
      throw CheckpointError(
        .cannotCreate, "The file cannot be created: \(systemMessage(errno)).", file: path.description,
        remedy: "check that the folder exists and is writable")
    }
    temporaryPath = hidden
    Self.unfinished.withLock { paths in _ = paths.insert(hidden) }
  }

  /// Begins a file without a name, for a path in a folder that need not be there yet.
  ///
  /// - Parameters:
  ///   - path: The file's path.
  ///   - folder: A folder on the same disk.
  /// - Returns: nil where the system has no such files.
  init?(nameless path: FilePath, in folder: FilePath) {
    guard let nameless = Self.openNameless(in: folder, FilePath("/proc/self/fd")) else { return nil }
    self.path = path
    overwrites = false
    descriptor = nameless
    temporaryPath = nil
  }

  private static func openNameless(in folder: FilePath, _ descriptors: FilePath) -> Int32? {
    #if os(Linux)
      // Where /proc is not mounted, a nameless file could not be given its name in the end.
      guard descriptors.exists else { return nil }
      let descriptor = unsafe folder.withCString {
        unsafe open($0, O_WRONLY | O_CLOEXEC | O_DIRECTORY | 0o20000000, 0o666)
      }
      return descriptor >= 0 ? descriptor : nil
    #else
      return nil
    #endif
  }

  /// Where the file is to be: what a symbolic link leads to, as `cp` has it.
  ///
  /// - Throws: `outputExists` unless `overwrites`; `cannotCreate` for a folder, a pipe or a device, which are never
  ///   replaced.
  private static func target(_ path: FilePath, overwrites: Bool) throws(CheckpointError) -> FilePath {
    var status = stat()
    guard unsafe path.withCString({ unsafe lstat($0, &status) }) == 0 else { return path }
    let isLink = status.st_mode & S_IFMT == S_IFLNK
    guard unsafe path.withCString({ unsafe stat($0, &status) }) == 0 else {
      throw CheckpointError(
        .cannotCreate, "The name is a broken symbolic link.", file: path.description,
        remedy: "remove the link, or choose another name")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: guard overwrites else { throw exists(path) }
    case S_IFDIR: throw CheckpointError(.cannotCreate, "A folder with this name exists.", file: path.description)
    default:
      throw CheckpointError(
        .cannotCreate, "A pipe, socket or device with this name exists and is not replaced.",
        file: path.description, remedy: "choose another name")
    }
    guard isLink, let real = unsafe path.withCString({ unsafe realpath($0, nil) }) else { return path }
    defer { unsafe free(real) }
    return unsafe FilePath(bytes: UnsafeRawBufferPointer(start: real, count: strlen(real)))
  }

  deinit {
    if isOpen { close(descriptor) }
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

  /// Writes bytes at an offset.
  package func write(_ bytes: [UInt8], at offset: Int = 0) throws(CheckpointError) {
    let outcome = unsafe bytes.withUnsafeBytes { bytes in
      Result { () throws(CheckpointError) in try unsafe write(bytes, at: offset) }
    }
    try outcome.get()
  }

  /// A path under which the file can be read before it has its name.
  var readingPath: FilePath {
    temporaryPath ?? (isOpen ? FilePath("/proc/self/fd/\(descriptor)") : path)
  }

  /// Closes a file that is whole and waits for others before it gets its name: until then it is a hidden one.
  ///
  /// - Throws: `cannotCreate`.
  package func park() throws(CheckpointError) {
    guard isOpen else { return }
    #if os(Linux)
      if temporaryPath == nil {
        let hidden = Self.hiddenPath(beside: path)
        Self.unfinished.withLock { paths in _ = paths.insert(hidden) }
        guard link(hidden) else {
          let error = Self.naming(path)
          Self.unfinished.withLock { paths in _ = paths.remove(hidden) }
          throw error
        }
        temporaryPath = hidden
      }
    #endif
    isOpen = false
    close(descriptor)
  }

  /// Gives the file its name.
  ///
  /// The corresponding C functions are `linkat` and `rename`.
  ///
  /// - Throws: `outputExists` if a file of that name has appeared meanwhile; `cannotCreate`.
  package func commit() throws(CheckpointError) {
    if let temporaryPath {
      if !overwrites, path.exists { throw Self.exists(path) }
      try rename(temporaryPath)
      self.temporaryPath = nil
      return
    }
    #if os(Linux)
      if link(path) { return }
      guard errno == EEXIST else { throw Self.naming(path) }
      guard overwrites else { throw Self.exists(path) }
      // A link cannot take another file's place; a renaming can.
      let hidden = Self.hiddenPath(beside: path)
      // Known before it is there: a signal, or a renaming that fails, removes it.
      Self.unfinished.withLock { paths in _ = paths.insert(hidden) }
      guard link(hidden) else {
        let error = Self.naming(path)
        Self.unfinished.withLock { paths in _ = paths.remove(hidden) }
        throw error
      }
      try rename(hidden)
    #endif
  }

  #if os(Linux)
    /// Gives the nameless file a name.
    private func link(_ name: FilePath) -> Bool {
      unsafe name.withCString { name in
        unsafe linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
      }
    }
  #endif

  private func rename(_ hidden: FilePath) throws(CheckpointError) {
    let result = unsafe hidden.withCString { old in
      unsafe path.withCString { new in unsafe Self.systemRename(old, new) }
    }
    guard result == 0 else {
      let error = Self.naming(path)
      Self.remove(hidden)
      throw error
    }
    Self.unfinished.withLock { paths in _ = paths.remove(hidden) }
  }

  // MARK: - Hidden files

  private static let unfinished = Locked(Set<FilePath>())
  /// Folders that were made for files which are not finished, and whether what is in them goes too.
  private static let newFolders = Locked([FilePath: Bool]())

  /// Notes that a folder was made for files that are to come.
  ///
  /// - Parameter isHidden: Whether it is to take another name, and is nothing before.
  static func note(newFolder path: FilePath, isHidden: Bool) {
    newFolders.withLock { $0[path] = isHidden }
  }

  /// Notes that the files are there.
  static func note(finished path: FilePath) {
    newFolders.withLock { $0[path] = nil }
  }

  /// Removes a folder that was made, if it is not finished: its files only if it is hidden.
  static func remove(newFolder path: FilePath) {
    guard let isHidden = newFolders.withLock({ $0.removeValue(forKey: path) }) else { return }
    if isHidden {
      for name in (try? path.names()) ?? [] { _ = unsafe path.appending(name).withCString { unsafe unlink($0) } }
    }
    _ = unsafe path.withCString { unsafe rmdir($0) }
  }

  /// Removes what is not finished, before a program is ended by a signal.
  package static func removeUnfinished() {
    for path in unfinished.withLock({ $0 }) { remove(path) }
    for path in newFolders.withLock({ Array($0.keys) }) { remove(newFolder: path) }
  }

  private static func remove(_ hidden: FilePath) {
    guard unfinished.withLock({ $0.remove(hidden) }) != nil else { return }
    _ = unsafe hidden.withCString { unsafe unlink($0) }
  }

  static func systemRename(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 {
    #if canImport(Darwin)
      unsafe Darwin.rename(old, new)
    #elseif canImport(Glibc)
      unsafe Glibc.rename(old, new)
    #else
      unsafe Musl.rename(old, new)
    #endif
  }

  /// A hidden name beside a path.
  static func hiddenPath(beside path: FilePath) -> FilePath {
    let mark = ".\(getpid())-\(UInt32.random(in: 0...UInt32.max)).tmp"
    return path.folder.appending(
      FilePath(bytes: [UInt8(ascii: ".")] + path.name.bytes.prefix(200) + mark.utf8))
  }

  // MARK: - Errors

  private static func exists(_ path: FilePath) -> CheckpointError {
    CheckpointError(
      .outputExists, "The output file already exists.", file: path.description,
      remedy: "choose another name, or overwrite it with --force (overwrites: true)")
  }

  private static func naming(_ path: FilePath) -> CheckpointError {
    CheckpointError(
      .cannotCreate, "The file cannot be given its name: \(systemMessage(errno)).", file: path.description)
  }

  private static func writing(_ path: FilePath, _ code: Int32, _ offset: Int) -> CheckpointError {
    let path = path.description
    return switch code {
    case ENOSPC, EDQUOT:
      CheckpointError(
        .inputOutput, "The disk is full.", file: path, offset: offset,
        remedy: "free some space, or write to another disk")
    // The bytes to write are pages of a file that has become smaller.
    case EFAULT: CheckpointError.shrunken(nil)
    case EFBIG:
      CheckpointError(
        .inputOutput, "The file would exceed the size limit of the system or session.", file: path, offset: offset)
    default: CheckpointError(.inputOutput, "Writing failed: \(systemMessage(code)).", file: path, offset: offset)
    }
  }
}
