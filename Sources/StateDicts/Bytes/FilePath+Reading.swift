#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FilePath {
  /// The bytes of a small file, which may be a pipe: a list of names, an image.
  ///
  /// The corresponding C functions are `open` and `read`.
  ///
  /// - Throws: `notFound`, `notReadable`, `isDirectory`, `inputOutput`; `limitExceeded` beyond `limit` bytes.
  package func contents(limit: Int = 1 << 30) throws(CheckpointError) -> [UInt8] {
    let descriptor = unsafe withCString { unsafe open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw CheckpointError.opening(self, errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var window = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe read(descriptor, &window, window.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw CheckpointError.opening(self, errno) }
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else {
        throw CheckpointError(.limitExceeded, "The file has more than \(limit) bytes.", file: description)
      }
      bytes += window[..<count]
    }
  }

  /// Whether something is there, links followed.
  package var exists: Bool { unsafe withCString { unsafe access($0, F_OK) } == 0 }

  /// What can be at a path.
  package enum Kind {
    case file, folder
    /// A symbolic link, a pipe, a device.
    case other
  }

  /// What is there, a symbolic link being one itself; nil where nothing is.
  ///
  /// The corresponding C function is `lstat`.
  package var kind: Kind? {
    var status = stat()
    guard unsafe withCString({ unsafe lstat($0, &status) }) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  /// Whether a folder is there, links followed.
  package var isFolder: Bool {
    var status = stat()
    return unsafe withCString { unsafe stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether this path and another lead to the same file or folder, links followed.
  ///
  /// The corresponding C function is `stat`.
  package func isSameFile(as other: FilePath) -> Bool {
    guard let mine = FileIdentity(self), let its = FileIdentity(other) else { return false }
    return mine.isSameFile(as: its)
  }

  /// The size of the file at this path, links followed, or of the files in the folder; 0 where nothing is.
  ///
  /// The corresponding C function is `stat`.
  package var byteCount: Int {
    guard isFolder else { return FileIdentity(self).map { Int($0.byteCount) } ?? 0 }
    let names = (try? names()) ?? []
    return names.reduce(0) { sum, name in
      let place = withoutTrailingSlash.appending(name)
      return sum &+ (place.isFolder ? 0 : place.byteCount)
    }
  }

  /// What the symbolic link at this path says; nil for anything else.
  ///
  /// The corresponding C function is `readlink`.
  package var linkTarget: FilePath? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = unsafe withCString { unsafe readlink($0, &target, target.count) }
    return length < 0 ? nil : FilePath(bytes: target.prefix(length).map { UInt8(truncatingIfNeeded: $0) })
  }

  /// The names of what is in this folder, sorted.
  ///
  /// The corresponding C functions are `opendir` and `readdir`.
  ///
  /// - Throws: `notReadable`.
  package func names() throws(CheckpointError) -> [FilePath] {
    guard let folder = unsafe withCString({ unsafe opendir($0) }) else {
      throw CheckpointError(.notReadable, "The folder cannot be read: \(systemMessage(errno)).", file: description)
    }
    defer { unsafe closedir(folder) }
    var names: [FilePath] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe FilePath(bytes: $0.prefix { $0 != 0 }) }
      if name != FilePath("."), name != FilePath("..") { names.append(name) }
    }
    return names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }

  /// Makes this folder, and those that it lies in.
  ///
  /// The corresponding C function is `mkdir`.
  ///
  /// - Throws: `cannotCreate`.
  package func createFolder() throws(CheckpointError) {
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") && $0 > 0 } + [bytes.count]
    for end in ends {
      let result = unsafe FilePath(bytes: bytes[..<end]).withCString { unsafe mkdir($0, 0o777) }
      guard result != 0, end == bytes.count else { continue }
      let code = errno
      guard isFolder else {
        throw CheckpointError(.cannotCreate, "The folder cannot be created: \(systemMessage(code)).", file: description)
      }
    }
  }
}

extension CheckpointError {
  /// Why `open` failed, in words.
  static func opening(_ path: FilePath, _ code: Int32) -> CheckpointError {
    let file = path.description
    return switch code {
    case ENOENT, ENOTDIR:
      if let target = path.linkTarget {
        CheckpointError(
          .notFound, "Broken link: \(target) does not exist.", file: file,
          remedy: "download or copy the file that it points to")
      } else {
        CheckpointError.noSuchFile(file)
      }
    case EACCES, EPERM:
      CheckpointError(
        .notReadable, "No permission to read the file.", file: file, remedy: "check its permissions (ls -l)")
    case EISDIR: .isFolder(file)
    default: CheckpointError(.inputOutput, "The file cannot be read: \(systemMessage(code)).", file: file)
    }
  }
}

/// What the operating system says of an error.
///
/// The corresponding C function is `strerror`.
package func systemMessage(_ code: Int32) -> String {
  unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
