#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension ByteStore {
  /// The bytes of standard input: mapped where it is a file, else read into memory.
  ///
  /// The corresponding C functions are `mmap` and `read`.
  ///
  /// - Throws: `notReadable`, `inputOutput`, `outOfMemory`; `limitExceeded` for more than half of the memory that the
  ///   process can use.
  package static func standardInput() throws(CheckpointError) -> ByteStore {
    guard isatty(STDIN_FILENO) == 0 else {
      throw CheckpointError(
        .notReadable, "Standard input is a terminal.",
        remedy: "redirect a file (< model.pth), or give the path of one")
    }
    var status = stat()
    if unsafe fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      lseek(STDIN_FILENO, 0, SEEK_CUR) == 0,
      let mapped = ByteStore(mapping: STDIN_FILENO, byteCount: Int(status.st_size))
    {
      return mapped
    }
    let limit = MachineMemory.byteCount / 2
    var memory = try unsafe UnsafeMutableRawBufferPointer.aligned(byteCount: 1 << 20)
    var count = 0
    do throws(CheckpointError) {
      while true {
        if count == memory.count {
          guard count <= limit / 2 else {
            throw CheckpointError(
              .limitExceeded, "Standard input has more than \(count) bytes, the limit for reading into memory.",
              remedy: "save the input to a file, and give its path")
          }
          let larger = try unsafe UnsafeMutableRawBufferPointer.aligned(byteCount: count * 2)
          unsafe larger.copyMemory(from: UnsafeRawBufferPointer(memory))
          unsafe memory.deallocate()
          unsafe memory = larger
        }
        let got = unsafe readStandardInput(UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else {
          throw CheckpointError(.inputOutput, "Standard input cannot be read: \(systemMessage(errno)).", offset: count)
        }
        if got == 0 { break }
        count += got
      }
    } catch {
      unsafe memory.deallocate()
      throw error
    }
    return unsafe ByteStore(taking: memory, count: count)
  }
}

/// The corresponding C function is `read`.
private func readStandardInput(_ target: UnsafeMutableRawBufferPointer) -> Int {
  unsafe read(STDIN_FILENO, target.baseAddress, target.count)
}
