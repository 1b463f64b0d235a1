#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Bytes that stay put for as long as anything refers to them: a file mapped read-only, memory of our own, or the blocks of a
/// file that is not mapped.
@safe package final class ByteStore: Sendable {
  private nonisolated(unsafe) let buffer: UnsafeRawBufferPointer
  /// Whether the bytes are a file's pages, which can be dropped and will be read again.
  package let isMapped: Bool
  /// The blocks of a file that is not mapped.
  private let blocks: FileBlocks?
  /// Whose bytes these are, where they are a part of others, and where they begin there.
  private let owner: (store: ByteStore, start: Int)?
  /// Where the bytes come from, if they have not all arrived.
  private let arriving: ArrivingBytes?
  /// The file that is mapped, opened again when it is first asked for; nil where that cannot be.
  private let file: Locked<Reopening>

  private enum Reopening {
    case none
    case closed(path: FilePath, FileIdentity)
    case open(MappedFile)
  }

  /// The number of bytes.
  package var count: Int { unsafe buffer.count }

  private init(
    _ buffer: UnsafeRawBufferPointer, isMapped: Bool, blocks: FileBlocks? = nil,
    owner: (store: ByteStore, start: Int)? = nil, file: Reopening = .none,
    arriving: ArrivingBytes? = nil
  ) {
    unsafe self.buffer = unsafe buffer
    self.isMapped = isMapped
    self.blocks = blocks
    self.owner = owner
    self.arriving = arriving
    self.file = Locked(file)
  }

  /// A part of other bytes, which live as long as it does: a file within a file.
  package convenience init(_ owner: ByteStore, range: Range<Int>) {
    let (store, start) = owner.owner ?? (owner, 0)
    unsafe self.init(
      UnsafeRawBufferPointer(rebasing: owner.buffer[range]), isMapped: owner.isMapped,
      owner: (store, start + range.lowerBound))
  }

  deinit {
    guard owner == nil, blocks == nil, let base = unsafe UnsafeMutableRawPointer(mutating: buffer.baseAddress) else {
      return
    }
    if isMapped {
      unsafe MappedRanges.remove(buffer)
      unsafe munmap(base, buffer.count)
    } else {
      unsafe base.deallocate()
    }
  }

  /// Memory of `byteCount` bytes, filled by `initialize`.
  ///
  /// The caller has held `byteCount` against a limit.
  ///
  /// - Throws: `outOfMemory`, and what `initialize` does.
  package convenience init(
    byteCount: Int, initializingWith initialize: (UnsafeMutableRawBufferPointer) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let memory = try unsafe UnsafeMutableRawBufferPointer.aligned(byteCount: byteCount)
    do throws(CheckpointError) {
      try unsafe initialize(memory)
    } catch {
      unsafe memory.deallocate()
      throw error
    }
    unsafe self.init(UnsafeRawBufferPointer(memory), isMapped: false)
  }

  /// The first bytes of memory, which is freed with this object.
  convenience init(taking memory: UnsafeMutableRawBufferPointer, count: Int) {
    unsafe self.init(UnsafeRawBufferPointer(rebasing: memory[..<count]), isMapped: false)
  }

  /// A copy of bytes.
  package convenience init(copying bytes: some Sequence<UInt8>) {
    let array = ContiguousArray(bytes)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(array.count, 1), alignment: 16)
    unsafe memory.copyBytes(from: array)
    unsafe self.init(UnsafeRawBufferPointer(rebasing: memory[..<array.count]), isMapped: false)
  }

  /// A file's bytes.
  package convenience init(path: FilePath, _ access: FileAccess) throws(CheckpointError) {
    let file = try InputFile(path: path)
    do throws(CheckpointError) {
      if file.byteCount > 0, access == .mapped || access == .automatic && !NetworkFileSystem.holds(file.descriptor) {
        if let base = unsafe mmap(nil, file.byteCount, PROT_READ, MAP_PRIVATE, file.descriptor, 0),
          unsafe base != MAP_FAILED
        {
          let access = FileIdentity(file.descriptor).map { Reopening.closed(path: path, $0) }
          unsafe MappedRanges.add(UnsafeRawBufferPointer(start: base, count: file.byteCount), of: path)
          unsafe self.init(
            UnsafeRawBufferPointer(start: base, count: file.byteCount), isMapped: true, file: access ?? .none)
          return
        }
        // Some file systems cannot map.
        if errno == ENOMEM { throw CheckpointError.outOfMemory(file.byteCount) }
      }
      if file.byteCount > 0, access != .copy {
        let blocks = try FileBlocks(file, byteCount: file.byteCount)
        let access = FileIdentity(file.descriptor).map { Reopening.closed(path: path, $0) }
        unsafe self.init(blocks.bytes, isMapped: false, blocks: blocks, file: access ?? .none)
        return
      }
      try unsafe self.init(byteCount: file.byteCount) { target throws(CheckpointError) in
        try unsafe file.read(into: target)
      }
    } catch {
      throw error.located(file: path.description)
    }
  }

  /// Bytes that are read in blocks, as they are needed.
  ///
  /// - Throws: `outOfMemory`.
  package convenience init(
    _ source: any ByteSource, byteCount: Int, blockByteCount: Int = FileBlocks.blockByteCount
  ) throws(CheckpointError) {
    guard byteCount > 0 else {
      self.init(copying: [])
      return
    }
    let blocks = try FileBlocks(source, byteCount: byteCount, blockByteCount: blockByteCount)
    unsafe self.init(blocks.bytes, isMapped: false, blocks: blocks)
  }

  /// How many bytes of a file that is not mapped are in memory.
  package var residentByteCount: Int { (owner?.store ?? self).blocks?.residentByteCount ?? count }

  /// The bytes of a sparse file, mapped, which arrive when they are needed.
  ///
  /// Whoever looks at bytes asks for them first, with `require`; only the readers of torch's zip format and of safetensors do so part
  /// by part.
  ///
  /// - Throws: `inputOutput` if the file cannot be mapped.
  package convenience init(
    path: FilePath, arriving: ArrivingBytes
  ) throws(CheckpointError) {
    let file = try InputFile(path: path)
    guard file.byteCount > 0,
      let base = unsafe mmap(nil, file.byteCount, PROT_READ, MAP_SHARED, file.descriptor, 0),
      unsafe base != MAP_FAILED
    else {
      throw CheckpointError(.inputOutput, "The temporary file cannot be mapped.", file: path.description)
    }
    unsafe self.init(
      UnsafeRawBufferPointer(start: base, count: file.byteCount), isMapped: true, arriving: arriving)
  }

  /// Whether bytes arrive only when they are needed.
  package var isArriving: Bool { (owner?.store ?? self).arriving != nil }

  /// Waits until a range is there, if bytes arrive only when they are needed.
  ///
  /// - Parameter expected: How many bytes from its beginning are going to be needed.
  /// - Throws: Why it cannot be had.
  package func require(_ range: Range<Int>, expecting expected: Int = 0) throws(CheckpointError) {
    if let owner {
      let moved = range.lowerBound + owner.start..<range.upperBound + owner.start
      return try owner.store.require(moved, expecting: expected)
    }
    try arriving?.require(range, expecting: expected)
  }

  /// The bytes of an open file, which may be closed after; nil where they cannot be mapped.
  convenience init?(mapping descriptor: Int32, byteCount: Int) {
    guard byteCount > 0, let base = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0),
      unsafe base != MAP_FAILED
    else { return nil }
    unsafe self.init(UnsafeRawBufferPointer(start: base, count: byteCount), isMapped: true)
  }

  /// The bytes, of which those of a file that is not mapped can be read while they are held.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(RawSpan(_unsafeBytes: buffer), borrowing: self) }
  }

  /// Calls `body` with the bytes, which must not be kept; those of a file that is not mapped can be read while they are held.
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(buffer)
  }

  /// How much of a file or tensor is in hand at once when it is walked through: large enough that a call costs nothing
  /// beside it, small enough to stay in a core's cache.
  package static let windowByteCount = 1 << 20

  /// The windows that make a range, in order.
  package static func windows(of range: Range<Int>) -> some Sequence<Range<Int>> {
    stride(from: range.lowerBound, to: range.upperBound, by: windowByteCount).lazy.map {
      $0..<min($0 + windowByteCount, range.upperBound)
    }
  }

  /// The CRC-32 of a range, taken a window at a time; the windows' pages are given back where they will not be needed.
  ///
  /// - Parameter passed: Called with the size of each window.
  package func checksum(
    of range: Range<Int>, dropping: Bool = false, passed: (Int) -> Void = { _ in }
  ) throws(CheckpointError) -> Checksum {
    var checksum = Checksum()
    try require(range)
    for window in Self.windows(of: range) {
      try AwaitedWork.check()
      try hold(window)
      defer { release(window) }
      unsafe checksum.update(with: UnsafeRawBufferPointer(rebasing: buffer[window]))
      if dropping { pass(window) }
      passed(window.count)
    }
    return checksum
  }

  // MARK: - A file that is not mapped

  /// Whether bytes must be held to be read.
  package var needsHolding: Bool { (owner?.store ?? self).blocks != nil }

  /// Whether memory of the bytes can be given back, and they are read again when they are needed.
  package var isFile: Bool { isMapped || needsHolding }

  /// What reading failed with first, if a caller could not throw it; such bytes are zeros.
  package var failure: CheckpointError? {
    let store = owner?.store ?? self
    return store.blocks?.failure ?? store.arriving?.failure
  }

  /// Reads a range into memory if that is needed, and keeps it there until it is released.
  ///
  /// - Throws: `inputOutput`.
  package func hold(_ range: Range<Int>) throws(CheckpointError) {
    if let owner { return try owner.store.hold(range.lowerBound + owner.start..<range.upperBound + owner.start) }
    try arriving?.require(range)
    try blocks?.hold(range)
  }

  /// Takes back one `hold` of the same range.
  package func release(_ range: Range<Int>) {
    if let owner { return owner.store.release(range.lowerBound + owner.start..<range.upperBound + owner.start) }
    blocks?.release(range)
  }

  /// Copies bytes out, without making a mapping's pages count as memory in use where the file can still be read.
  ///
  /// - Throws: `inputOutput` for a file that is not mapped.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    if let owner { return try unsafe owner.store.read(at: offset + owner.start, into: target) }
    if let blocks { return try unsafe blocks.read(at: offset, into: target) }
    if let file = mappedFile, unsafe file.read(at: offset, into: target) { return }
    unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + target.count]))
    drop(offset..<offset + target.count)
  }

  /// Checks that a file still has all of its bytes (those of a mapping behind its new end read as zeros up to the end of a
  /// page), and that all that was read of it could be.
  ///
  /// The corresponding C function is `stat`.
  ///
  /// - Throws: `inputOutput`.
  package func requireWhole() throws(CheckpointError) {
    if let owner { return try owner.store.requireWhole() }
    if let failure { throw failure }
    guard isFile, let (path, identity) = opened, let now = FileIdentity(path), now.isSameFile(as: identity) else {
      return
    }
    guard now.byteCount >= Int64(count) else { throw CheckpointError.shrunken(path) }
  }

  /// What the file was when it was opened; nil for bytes in memory.
  var identity: FileIdentity? { owner?.store.identity ?? opened?.identity }

  private var opened: (path: FilePath, identity: FileIdentity)? {
    file.withLock { access in
      switch access {
      case .none: nil
      case .closed(let path, let identity): (path, identity)
      case .open(let file): (file.path, file.identity)
      }
    }
  }

  private var mappedFile: MappedFile? {
    file.withLock { access in
      if case .closed(let path, let identity) = access {
        access = MappedFile(path: path, identity: identity).map { .open($0) } ?? .none
      }
      if case .open(let file) = access { return file }
      return nil
    }
  }

  /// The most that one access to a mapped file maps: the largest pages of Linux's page cache on x86-64, and a multiple of every
  /// system's pages.
  private static let hugePageByteCount = 2 << 20

  /// Gives a range's pages back, so that passing through a large file does not count as using that much memory.
  ///
  /// Only a mapping's pages can go: they are the file's, and come back when they are touched. So the blocks at the ends
  /// go too, of which only a part was meant: a system that is asked for one page maps its neighbours, and what a neighbouring
  /// window left there would stay. Linux maps 64 KiB, or a whole huge page of its cache: `hugePageByteCount`.
  package func drop(_ range: Range<Int>) {
    if let owner { return owner.store.drop(range.lowerBound + owner.start..<range.upperBound + owner.start) }
    if let blocks { return blocks.drop(range) }
    guard isMapped, let base = unsafe UnsafeMutableRawPointer(mutating: buffer.baseAddress) else { return }
    let block = Self.hugePageByteCount
    let start = range.lowerBound / block * block
    let end = min((range.upperBound / block + 1) * block, count)
    if start < end { _ = unsafe madvise(base + start, end - start, MADV_DONTNEED) }
  }

  /// A small range that was passed and whose pages were not given back yet, in whichever file.
  private struct Passed {
    weak var store: ByteStore?
    let range: Range<Int>
  }

  /// The oldest first, each in another block.
  private static let passed = Locked<[Passed]>([])
  private static let passedLimit = 8

  /// Gives a range's pages back, those of a small one only when eight other blocks of any files were passed: so the pages of many
  /// small tensors are mapped once.
  package func pass(_ range: Range<Int>) {
    if let owner { return owner.store.pass(range.lowerBound + owner.start..<range.upperBound + owner.start) }
    let block = Self.hugePageByteCount
    guard isMapped, range.count < block / 32, range.lowerBound / block == range.upperBound / block else {
      return drop(range)
    }
    let oldest = Self.passed.withLock { passed -> Passed? in
      if passed.contains(where: { $0.store === self && $0.range.lowerBound / block == range.lowerBound / block }) {
        return nil
      }
      passed.append(Passed(store: self, range: range))
      return passed.count > Self.passedLimit ? passed.removeFirst() : nil
    }
    if let oldest { oldest.store?.drop(oldest.range) }
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Allocates memory. (Swift's own allocation ends the process if there is none.)
  ///
  /// The corresponding C function is `posix_memalign`.
  ///
  /// - Throws: `outOfMemory`.
  package static func aligned(byteCount: Int) throws(CheckpointError) -> UnsafeMutableRawBufferPointer {
    var start: UnsafeMutableRawPointer?
    guard unsafe posix_memalign(&start, 64, Swift.max(byteCount, 1)) == 0, let start = unsafe start else {
      throw CheckpointError.outOfMemory(byteCount)
    }
    return unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
  }
}

/// A regular file, open for reading.
private final class InputFile: ByteSource {
  let descriptor: Int32
  let byteCount: Int
  let path: String

  /// The corresponding C functions are `open` and `fstat`.
  init(path: FilePath) throws(CheckpointError) {
    self.path = path.description
    // Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
    descriptor = unsafe path.withCString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw CheckpointError.opening(path, errno) }
    var status = stat()
    let isKnown = unsafe fstat(descriptor, &status) == 0
    byteCount = isKnown ? Int(status.st_size) : 0
    if isKnown, status.st_mode & S_IFMT == S_IFDIR {
      throw CheckpointError.isFolder(self.path)
    }
    if !isKnown || status.st_mode & S_IFMT != S_IFREG {
      throw CheckpointError(
        .notReadable, "Not a regular file.", file: self.path,
        remedy: "save the data to a file first, or read it into memory and use Checkpoint(bytes)")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Reads the whole file.
  func read(into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    for window in ByteStore.windows(of: 0..<target.count) {
      try unsafe read(at: window.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: target[window]))
      try AwaitedWork.report(window.upperBound, of: target.count, path)
    }
  }

  /// The corresponding C function is `pread`.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    var done = 0
    while done < target.count {
      let start = unsafe target.baseAddress.map { unsafe $0 + done }
      let count = unsafe pread(descriptor, start, target.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw CheckpointError(
          .inputOutput,
          count == 0 ? "The file shrank while it was read: another program truncated it." : systemMessage(errno),
          file: path, offset: offset + done)
      }
      done += count
    }
  }
}
