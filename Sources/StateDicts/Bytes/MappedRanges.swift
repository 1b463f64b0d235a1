#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where files are mapped, for a program that wants to say which of them shrank.
///
/// The system ends a process with SIGBUS that touches a mapped page which its file no longer has. A library cannot turn
/// that into an error, since a signal belongs to the whole process; a command can end with one.
package enum MappedRanges {
  private static let paths = Locked([UInt: (end: UInt, path: FilePath)]())

  static func add(_ bytes: UnsafeRawBufferPointer, of path: FilePath) {
    guard let start = bytes.baseAddress else { return }
    let first = UInt(bitPattern: start)
    paths.withLock { $0[first] = (first + UInt(bitPattern: bytes.count), path) }
  }

  static func remove(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    paths.withLock { $0[UInt(bitPattern: start)] = nil }
  }

  /// The file that is mapped at an address; nil for other memory.
  package static func file(at address: UInt) -> FilePath? {
    let page = UInt(getpagesize())
    return paths.withLock { paths in
      // The last page of a mapping ends after the file.
      paths.first { address >= $0.key && address < ($0.value.end + page - 1) / page * page }?.value.path
    }
  }
}

extension CheckpointError {
  /// Returns the error for a file that has become smaller while it was mapped.
  package static func shrunken(_ path: FilePath?) -> CheckpointError {
    CheckpointError(
      .inputOutput, "The file shrank while it was read: another program truncated or replaced it.",
      file: path?.description,
      remedy: "wait until it is complete, or read it without mapping (--no-mmap, mapping: .unmapped)")
  }
}
