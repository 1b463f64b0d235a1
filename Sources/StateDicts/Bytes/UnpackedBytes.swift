#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Bytes that are unpacked one window after another: kept in memory while they are few, else in a temporary file
/// without a name, which is mapped at the end.
///
/// Memory of our own counts as used for as long as it is there; a mapping's pages can be given back.
package final class UnpackedBytes {
  private let memoryLimit: Int
  private var memory: [UInt8] = []
  private var file: TemporaryFile?
  /// The number of bytes.
  package private(set) var count = 0

  /// - Parameter memoryLimit: up to how many bytes stay in memory.
  package init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

  /// Adds bytes.
  ///
  /// The caller has held their sum against a limit.
  ///
  /// - Throws: `inputOutput` where the temporary file cannot be made or written.
  package func append(_ window: UnsafeRawBufferPointer) throws(CheckpointError) {
    count += window.count
    if file == nil, count <= memoryLimit {
      unsafe memory.append(contentsOf: window)
      return
    }
    if let file { return try unsafe file.append(window) }
    let file = try TemporaryFile()
    self.file = file
    let kept = ByteStore(copying: memory)
    memory = []
    try unsafe kept.withUnsafeBytes { bytes throws(CheckpointError) in try unsafe file.append(bytes) }
    try unsafe file.append(window)
  }

  /// All bytes.
  package func finish() throws(CheckpointError) -> ByteStore {
    if let file { return try file.map() }
    defer { memory = [] }
    return ByteStore(copying: memory)
  }
}

/// A file without a name, in the folder that the variable TMPDIR names.
private final class TemporaryFile {
  private let descriptor: Int32
  private var byteCount = 0

  /// The corresponding C functions are `open` with `O_TMPFILE`, and `unlink`.
  init() throws(CheckpointError) {
    let folder = FilePath.temporaryFolder
    #if os(Linux)
      let nameless = unsafe folder.withCString {
        unsafe open($0, O_RDWR | O_CLOEXEC | O_DIRECTORY | 0o20000000, 0o600)
      }
      if nameless >= 0 {
        descriptor = nameless
        return
      }
    #endif
    guard let file = folder.createTemporaryFile() else {
      throw CheckpointError(
        .inputOutput, "The temporary file for unpacked bytes cannot be created: \(systemMessage(errno)).",
        file: folder.description, remedy: "set TMPDIR to a writable folder, or unpack the file first")
    }
    _ = unsafe file.path.withCString { unsafe unlink($0) }
    descriptor = file.descriptor
  }

  deinit { close(descriptor) }

  /// The corresponding C function is `write`.
  func append(_ window: UnsafeRawBufferPointer) throws(CheckpointError) {
    var done = 0
    while done < window.count {
      let count = unsafe write(descriptor, window.baseAddress.map { unsafe $0 + done }, window.count - done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw CheckpointError(
          .inputOutput, "The temporary file for unpacked bytes cannot be written: \(systemMessage(errno)).",
          offset: byteCount, remedy: "free some space or set TMPDIR to another folder, or unpack the file first")
      }
      done += count
    }
    byteCount += window.count
  }

  func map() throws(CheckpointError) -> ByteStore {
    guard let store = ByteStore(mapping: descriptor, byteCount: byteCount) else {
      throw CheckpointError(
        .inputOutput, "\(byteCount) unpacked bytes cannot be mapped into memory: \(systemMessage(errno)).",
        remedy: "unpack the file first")
    }
    return store
  }
}
