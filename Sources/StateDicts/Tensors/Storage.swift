/// A run of bytes that tensors are views of, as torch has it.
///
/// Two tensors are tied where they share one.
///
/// Nothing is read until a tensor's bytes are asked for.
@safe public final class Storage: Sendable {
  package enum Contents: Sendable {
    case region(ByteStore, offset: Int)
    indirect case lazy(any StorageContents)
    indirect case computed(any ComputedContents)
  }

  // In this order the small ones share eight bytes: a checkpoint may have 250,000.
  private let contents: Contents
  /// The order of the bytes within an element; big only in files from big-endian machines.
  public let byteOrder: ByteOrder
  // Guarded by the origin's lock, as is `memory`.
  private nonisolated(unsafe) var isConfirmed = false
  /// The CRC-32 that the file gives for the bytes; nil where it gives none.
  package let checksum: Checksum?
  /// The number of bytes.
  public let byteCount: Int
  /// The key of the storage in its file, a number in torch's formats.
  public let key: String
  /// The device that the tensor was on when it was saved, such as `cpu` or `cuda:0`; nil if the format has none.
  public let location: String?
  /// The file that contains the storage.
  public let origin: StorageOrigin
  private nonisolated(unsafe) var memory: Memory?

  /// What is in memory.
  private final class Memory {
    var loaded: ByteStore?
    /// Whether a span of `loaded` was given out: then it stays for as long as the storage does, since nothing tells when
    /// the span is gone.
    var isSpanned = false
    /// What is kept of a file that is not mapped, because spans of it were given out.
    var kept: [Range<Int>] = []
  }

  package init(
    _ contents: Contents, byteCount: Int, byteOrder: ByteOrder = .little, key: String, location: String? = nil,
    checksum: Checksum? = nil, origin: StorageOrigin
  ) {
    self.contents = contents
    self.byteCount = byteCount
    self.byteOrder = byteOrder
    self.key = key
    self.location = location
    self.checksum = checksum
    self.origin = origin
  }

  /// A storage of `byteCount` bytes of our own.
  package convenience init(_ store: ByteStore, key: String = "", origin: StorageOrigin = .memory) {
    self.init(.region(store, offset: 0), byteCount: store.count, key: key, origin: origin)
  }

  /// A storage whose bytes are computed from tensors, at the place of another in its file.
  convenience init(computed contents: any ComputedContents, like storage: Storage, key: String? = nil) {
    self.init(
      .computed(contents), byteCount: contents.byteCount, key: key ?? storage.key, location: storage.location,
      origin: storage.origin.derived())
  }

  /// The name of the archive entry that holds the bytes.
  public var entry: String { origin.entryPrefix + key }

  /// What must be unpacked to be read, from the first byte to the last.
  package var packedContents: (any StorageContents)? {
    if case .lazy(let contents) = contents { contents } else { nil }
  }

  /// What the bytes are computed from.
  package var computedContents: (any ComputedContents)? {
    if case .computed(let contents) = contents { contents } else { nil }
  }

  /// The bytes, with the offset at which they begin in what is returned.
  ///
  /// - Parameter spanned: whether they must stay where they are for as long as this storage lives.
  package func region(spanned: Bool = false) throws(CheckpointError) -> (store: ByteStore, offset: Int) {
    switch contents {
    case .region(let store, let offset):
      try store.require(offset..<offset + byteCount)
      return (store, offset)
    case .lazy(let source): return (try loaded(source, spanned), 0)
    case .computed(let source): return (try loaded(source, spanned), 0)
    }
  }

  private func loaded(_ source: any StorageContents, _ spanned: Bool) throws(CheckpointError) -> ByteStore {
    try origin.lock.withLock { _ throws(CheckpointError) in
      let memory = ownMemory
      if spanned { memory.isSpanned = true }
      if let loaded = memory.loaded { return loaded }
      let store = try source.load()
      memory.loaded = store
      return store
    }
  }

  /// To be called with the origin's lock.
  private var ownMemory: Memory {
    let memory = unsafe memory ?? Memory()
    unsafe self.memory = memory
    return memory
  }

  deinit {
    if case .region(let store, _) = contents, let memory = unsafe memory {
      for range in memory.kept { store.release(range) }
    }
  }

  /// Keeps bytes in memory for as long as this storage lives.
  func keep(_ range: Range<Int>) throws(CheckpointError) {
    guard case .region(let store, let offset) = contents, store.needsHolding else { return }
    let range = offset + range.lowerBound..<offset + range.upperBound
    try origin.lock.withLock { _ throws(CheckpointError) in
      let memory = ownMemory
      guard !memory.kept.contains(range) else { return }
      try store.hold(range)
      memory.kept.append(range)
    }
  }

  /// Calls `body` with all bytes, of which only a range is read, as they are in the file: not checked, in the file's byte
  /// order.
  package func withUnsafeBytes<Result>(
    reading range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let (store, offset) = try region()
    let held = offset + range.lowerBound..<offset + range.upperBound
    try store.hold(held)
    defer { store.release(held) }
    return try unsafe store.withUnsafeBytes { all in
      try unsafe body(UnsafeRawBufferPointer(rebasing: all[offset..<offset + byteCount]))
    }
  }

  /// Frees what was inflated, unless somebody may have a span of it, or gives the mapped pages back; they are read
  /// again when asked for.
  package func drop() {
    switch contents {
    case .region(let store, let offset): store.pass(offset..<offset + byteCount)
    case .lazy, .computed:
      origin.lock.withLock { _ in if let memory = unsafe memory, !memory.isSpanned { memory.loaded = nil } }
    }
  }

  /// Checks the bytes once against the CRC-32 in the file.
  ///
  /// - Throws: `checksumMismatch`.
  public func verify() throws { try verify(dropping: false) }

  /// Verifies the checksum, and releases mapped pages that will not be needed soon.
  package func verify(dropping: Bool, passed: (Int) -> Void = { _ in }) throws {
    if let computed = computedContents {
      for source in computed.sources where source.coversStorage {
        try source.storage.verify(dropping: dropping, passed: passed)
      }
      return
    }
    guard let expected = checksum, needsVerification else { return }
    if let packed = packedContents {
      var actual = Checksum()
      try unsafe packed.forEachWindow { window in
        unsafe actual.update(with: window)
        passed(window.count)
      }
      try confirm(actual, expected)
      return
    }
    let (store, offset) = try region()
    try confirm(store.checksum(of: offset..<offset + byteCount, dropping: dropping, passed: passed), expected)
  }

  /// Whether the bytes were checked against the checksum in the file.
  package var isVerified: Bool { origin.lock.withLock { _ in unsafe isConfirmed } }

  /// Whether there is a checksum that has not been checked yet.
  var needsVerification: Bool { checksum != nil && !isVerified }

  /// Takes a checksum that was computed on the way.
  ///
  /// - Throws: `checksumMismatch`.
  package func confirm(_ actual: Checksum) throws(CheckpointError) {
    if let checksum { try confirm(actual, checksum) }
  }

  private func confirm(_ actual: Checksum, _ expected: Checksum) throws(CheckpointError) {
    try actual.require(expected, file: origin.file, entry: entry)
    origin.lock.withLock { _ in unsafe isConfirmed = true }
  }

  /// `verify()` where the options ask for it.
  package func verifyOnUse() throws {
    if origin.checksOnUse { try verify() }
  }
}
