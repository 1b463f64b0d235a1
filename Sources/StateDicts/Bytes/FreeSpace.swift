#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FilePath {
  /// How many bytes a file in this folder may take; nil where the file system does not say.
  ///
  /// The corresponding C function is `statvfs`.
  package var availableByteCount: Int? {
    var status = statvfs()
    guard unsafe withCString({ unsafe statvfs($0, &status) }) == 0, status.f_blocks > 0 else { return nil }
    return Int(exactly: status.f_bavail).flatMap { blocks in Int(exactly: status.f_frsize).flatMap(blocks.times) }
  }

  /// Requires that files of a size have room in this folder.
  ///
  /// - Throws: `inputOutput`.
  func requireSpace(_ byteCount: Int, for output: FilePath) throws(CheckpointError) {
    guard let available = availableByteCount, byteCount > available else { return }
    throw CheckpointError(
      .inputOutput, "The output needs \(byteCount) bytes, and only \(available) are available on its disk.",
      file: output.description, remedy: "free some space, or write to another disk")
  }
}
