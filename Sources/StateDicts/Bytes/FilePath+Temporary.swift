#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension FilePath {
  /// The folder for temporary files: the one that the variable TMPDIR names.
  package static var temporaryFolder: FilePath {
    let name = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? ""
    return FilePath(name.isEmpty ? "/tmp" : name)
  }

  /// Creates a file with a name of its own in this folder, and opens it; nil where that cannot be, as `errno` says.
  ///
  /// The corresponding C function is `mkstemp`.
  package func createTemporaryFile() -> (path: FilePath, descriptor: CInt)? {
    var template = appending(FilePath("pth2swt-XXXXXX")).bytes.map { CChar(truncatingIfNeeded: $0) } + [0]
    let descriptor = unsafe mkstemp(&template)
    guard descriptor >= 0 else { return nil }
    return (FilePath(bytes: template.dropLast().map { UInt8(truncatingIfNeeded: $0) }), descriptor)
  }
}
