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

  /// The number of bytes.
  public let byteCount: Int
  /// The order of the bytes within an element; big only in files from big-endian machines.
  public let byteOrder: ByteOrder
  /// The key of the storage in its file, a number in torch's formats.
  public let key: String
  /// The device that the tensor was on when it was saved, such as `cpu` or `cuda:0`; nil if the format has none.
  public let location: String?
  /// The file that contains the storage.
  public let origin: StorageOrigin
  /// The CRC-32 that the file gives for the bytes; nil where it gives none.
  package let checksum: Checksum?
  private let contents: Contents
  // All guarded by the origin's lock.
  private nonisolated(unsafe) var loaded: ByteStore?
  /// Whether a span of `loaded` was given out: then it stays for as long as this does, since nothing tells when the
  /// span is gone.
  private nonisolated(unsafe) var isSpanned = false
  private nonisolated(unsafe) var isConfirmed = false
  /// What is kept in memory of a file that is not mapped, because spans of it were given out.
  private nonisolated(unsafe) var kept: [Range<Int>] = []

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
      if spanned { unsafe isSpanned = true }
      if let loaded = unsafe loaded { return loaded }
      let store = try source.load()
      unsafe loaded = store
      return store
    }
  }

  deinit {
    if case .region(let store, _) = contents { for range in unsafe kept { store.release(range) } }
  }

  /// Keeps bytes in memory for as long as this storage lives.
  func keep(_ range: Range<Int>) throws(CheckpointError) {
    guard case .region(let store, let offset) = contents, store.needsHolding else { return }
    let range = offset + range.lowerBound..<offset + range.upperBound
    try origin.lock.withLock { _ throws(CheckpointError) in
      guard unsafe !kept.contains(range) else { return }
      try store.hold(range)
      unsafe kept.append(range)
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
    case .region(let store, let offset): store.drop(offset..<offset + byteCount)
    case .lazy, .computed: origin.lock.withLock { _ in if unsafe !isSpanned { unsafe loaded = nil } }
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
