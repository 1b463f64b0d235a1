import CPth2swtZip
import StateDicts

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A zip archive, read by libzip, the only zip parser here: if two parsers disagree, archives can be smuggled past
/// scanners.
///
///     50 4b 03 04 …  "archive/data/0"  46 42 2a 00 5a 5a …  payload      local header, name, padding "FB" to 64 bytes
///     50 4b 07 08 crc size size                                          data descriptor: the header had none
///     50 4b 01 02 …  "archive/data/0"                                    central directory: what libzip goes by
///
/// A stored entry is used in place; a deflated one is inflated under a limit. What `ZIP_CHECKCONS` would check, at a
/// cost of 0.2 s for 100,000 entries, is checked here where it matters: local and central names agree, names are
/// unique, entries lie inside the file and do not overlap.
@safe final class ZipArchive: Sendable {
  struct Entry: Sendable {
    let index: Int
    let name: String
    let byteCount: Int
    let compressedByteCount: Int
    /// Stored without compression.
    let isStored: Bool
    /// Why it cannot be read; nil for what is stored or deflated, and not encrypted.
    let obstacle: Obstacle?
    /// Nil where the directory says 0, which torch writes for "not computed".
    let checksum: Checksum?
    /// Where the payload lies in the file, compressed as it is; nil if the entry is empty or its place is not known.
    let payload: Range<Int>?

    /// Where the entry's bytes lie in the file; nil if they can only be read through libzip.
    var range: Range<Int>? { isStored && isReadable ? (byteCount == 0 ? 0..<0 : payload) : nil }

    var isReadable: Bool { obstacle == nil }
  }

  let store: ByteStore
  let file: String
  let entries: [Entry]
  /// Notes about the archive, in sentences.
  let notes: [String]
  /// Two names that differ only by case: two members of an `.npz`, but one record to torch.
  let twins: (String, String)?
  /// The names, `A` to `Z` as `a` to `z`.
  private let names: NameTable
  /// libzip's handle, which is for one thread at a time.
  private let handle: Locked<Handle>

  @safe private struct Handle: @unchecked Sendable {
    let archive: OpaquePointer
    let source: ZipSource
  }

  /// Opens an archive.
  ///
  /// The corresponding C function is `zip_open_from_source`.
  ///
  /// - Parameter locates: Whether to learn where payloads lie; without it, every entry is read through libzip.
  /// - Throws: `malformedArchive`, `truncated`.
  init(_ store: ByteStore, file: String, locates: Bool = true) throws(CheckpointError) {
    self.store = store
    self.file = file
    let source = ZipSource(store)
    var error = unsafe zip_error_t()
    unsafe zip_error_init(&error)
    defer { unsafe zip_error_fini(&error) }
    guard let zipSource = unsafe source.makeSource(&error) else {
      throw CheckpointError(.inputOutput, "Not enough memory to open the zip archive.", file: file)
    }
    // libzip's codes and messages differ between its versions, so none of them becomes a part of ours.
    guard let archive = unsafe zip_open_from_source(zipSource, ZIP_RDONLY, &error) else {
      let isExhausted = source.isExhausted
      unsafe zip_source_free(zipSource)
      guard !isExhausted else { throw Self.tooManyEntries(file) }
      guard Self.hasEndRecord(store) else {
        throw CheckpointError.truncated(
          "The zip archive has no central directory at its end.", file: file,
          offset: store.count)
      }
      throw CheckpointError.malformedArchive(
        "The central directory of the zip archive does not match the file.", file: file)
    }
    source.isOpen = true
    do throws(CheckpointError) {
      entries = try unsafe Self.readDirectory(of: archive, source, store, locates: locates)
      notes = Self.notes(on: entries, isArriving: store.isArriving)
      (names, twins) = try Self.table(of: entries)
    } catch {
      unsafe zip_discard(archive)
      throw error.located(file: file)
    }
    unsafe handle = Locked(Handle(archive: archive, source: source))
  }

  private static func tooManyEntries(_ file: String?) -> CheckpointError {
    CheckpointError(
      .limitExceeded, "The zip archive has more than \(ZipSource.entryLimit) entries.", file: file,
      remedy: "unpack it, and zip only what you need")
  }

  deinit { handle.withLock { handle in unsafe zip_discard(handle.archive) } }

  /// Whether an end record stands where one may: within 65,557 bytes of the end.
  static func hasEndRecord(_ store: ByteStore) -> Bool { endRecord(in: store) != nil }

  /// The last end record.
  private static func endRecord(in store: ByteStore) -> Int? {
    let start = max(store.count - 65_557, 0)
    let tail = store.array(start..<store.count)
    guard tail.count >= 22 else { return nil }
    // The first byte rules out nearly every place.
    let place = (0...tail.count - 22).last { tail[$0] == 0x50 && tail[$0...].starts(with: [0x50, 0x4B, 5, 6]) }
    return place.map { start + $0 }
  }

  /// The beginning of the archive at the end of some bytes; nil if there is none.
  ///
  /// Its end record says how long the directory is and how far from the start it lies; 0 where those are 64-bit
  /// numbers, which stand elsewhere.
  static func start(in store: ByteStore) -> Int? {
    guard let record = endRecord(in: store) else { return nil }
    func number(_ place: Int) -> Int {
      store.array(record + place..<record + place + 4).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    // Records of 56 and 20 bytes stand before the end record where numbers may need 64 bits.
    let isZip64 = record >= 76 && store.array(record - 20..<record - 16) == [0x50, 0x4B, 6, 7]
    return max(record - (isZip64 ? 76 : 0) - number(12) - number(16), 0)
  }

  /// The entry of a name without regard to case, as torch's reader (miniz) looks names up.
  subscript(name: String) -> Entry? { names.place(of: name.lowercasedASCII).map { entries[$0] } }

  // MARK: - The directory

  /// - Throws: `malformedArchive` for a name that is there twice.
  private static func table(
    of entries: [Entry]
  ) throws(CheckpointError) -> (names: NameTable, twins: (String, String)?) {
    var names = NameTable(capacity: entries.count)
    var twins: (String, String)?
    for entry in entries {
      let (place, isNew) = names.insert(entry.name.lowercasedASCII)
      guard !isNew else { continue }
      twins = twins ?? (entries[place].name, entry.name)
      // No name has a NUL, so this only keeps the places of table and entries the same.
      _ = names.insert("\0\(entry.index)")
    }
    guard twins != nil else { return (names, nil) }
    var seen = Set<ExactName>()
    for entry in entries where !seen.insert(ExactName(entry.name)).inserted {
      throw CheckpointError.malformedArchive("Duplicate entry name.", entry: entry.name)
    }
    return (names, twins)
  }

  /// After how many bytes the pages of local headers are given back.
  private static let droppedByteCount = 16 << 20

  private static func readDirectory(
    of archive: OpaquePointer, _ source: ZipSource, _ store: ByteStore, locates: Bool
  ) throws(CheckpointError) -> [Entry] {
    let count = unsafe Int(zip_get_num_entries(archive, 0))
    guard count <= ZipSource.entryLimit else { throw tooManyEntries(nil) }
    var entries: [Entry] = []
    entries.reserveCapacity(min(count, store.count / 46))
    var extents: [Range<Int>] = []
    var passed = 0
    for index in 0..<count {
      var status = unsafe zip_stat_t()
      guard unsafe zip_stat_index(archive, zip_uint64_t(index), zip_flags_t(ZIP_FL_ENC_RAW), &status) == 0,
        let rawName = unsafe status.name
      else { throw CheckpointError.malformedArchive("Entry \(index) of the directory cannot be read.") }
      let name = unsafe String(cString: rawName)
      guard let byteCount = unsafe Int(exactly: status.size),
        let compressedByteCount = unsafe Int(exactly: status.comp_size)
      else { throw CheckpointError.malformedArchive("The entry exceeds 2^63 bytes.", entry: name) }
      let isStored = unsafe status.comp_method == UInt16(ZIP_CM_STORE)
      guard !isStored || byteCount == compressedByteCount else {
        throw CheckpointError.malformedArchive(
          "A stored entry has two sizes, \(byteCount) and \(compressedByteCount).", entry: name)
      }
      var payload: Range<Int>?
      // libzip reads nothing for an entry without bytes, even if its deflated form has some.
      if locates, byteCount > 0, compressedByteCount > 0,
        let header = try unsafe locate(index, in: archive, source, store, rawName: rawName, name)
      {
        let start = header.payload
        guard compressedByteCount <= store.count - start else {
          throw CheckpointError.truncated(
            "The entry has \(compressedByteCount) bytes, but only \(store.count - start) are left.",
            entry: name, offset: start)
        }
        payload = start..<start + compressedByteCount
        extents.append(header.offset..<start + compressedByteCount)
        // For a header's few bytes the kernel may map megabytes of its page cache.
        if start - passed > Self.droppedByteCount {
          store.drop(passed..<start)
          passed = start
        }
      }
      unsafe entries.append(
        Entry(
          index: index, name: name, byteCount: byteCount, compressedByteCount: compressedByteCount, isStored: isStored,
          obstacle: Obstacle(encryption: status.encryption_method, method: status.comp_method),
          checksum: status.crc == 0 ? nil : Checksum(status.crc), payload: payload))
    }
    extents.sort { $0.lowerBound < $1.lowerBound }
    for (extent, next) in zip(extents, extents.dropFirst()) where extent.upperBound > next.lowerBound {
      throw CheckpointError.malformedArchive("Two entries overlap.", offset: next.lowerBound)
    }
    return entries
  }

  /// An entry's local header, found by watching what libzip reads when it opens the entry; nil if the reads fit none.
  ///
  /// The corresponding C functions are `zip_fopen_index` and `zip_fread`.
  private static func locate(
    _ index: Int, in archive: OpaquePointer, _ source: ZipSource, _ store: ByteStore,
    rawName: UnsafePointer<CChar>, _ name: String
  ) throws(CheckpointError) -> LocalHeader? {
    source.reads.removeAll(keepingCapacity: true)
    var byte: UInt8 = 0
    let asItIs = zip_flags_t(ZIP_FL_COMPRESSED) | zip_flags_t(ZIP_FL_ENCRYPTED)
    let file = unsafe zip_fopen_index(archive, zip_uint64_t(index), asItIs)
    defer { if let file = unsafe file { unsafe zip_fclose(file) } }
    guard let file = unsafe file, unsafe zip_fread(file, &byte, 1) == 1 else {
      throw CheckpointError.malformedArchive("The bytes of the entry are outside the file.", entry: name)
    }
    let rawName = unsafe Array(UnsafeRawBufferPointer(start: rawName, count: strlen(rawName)))
    let header = LocalHeader(reads: source.reads, name: rawName, in: store)
    guard let header else { return nil }
    guard header.isConsistent else {
      throw CheckpointError.malformedArchive(
        "The local header of the entry has another name or signature than the central directory.",
        entry: name, offset: header.offset)
    }
    return header
  }

  private static func notes(on entries: [Entry], isArriving: Bool) -> [String] {
    var notes: [String] = []
    let unchecked = entries.count { $0.checksum == nil && $0.byteCount > 0 }
    if unchecked > 0 {
      notes.append("\(unchecked) records have no checksum: their CRC-32 was not computed when they were saved.")
    }
    let unlocated = entries.count { $0.isStored && $0.isReadable && $0.range == nil }
    if unlocated > 0, !isArriving {
      let version = unsafe String(cString: zip_libzip_version())
      notes.append("\(unlocated) records are read through libzip \(version), which is slower than reading in place.")
    }
    return notes
  }

  // MARK: - Payloads

  /// All bytes of an entry, checked: in place if the entry is stored.
  func bytes(of entry: Entry, limit: Int) throws(CheckpointError) -> (store: ByteStore, range: Range<Int>) {
    try requireReadable(entry)
    if let range = entry.range {
      try verify(entry)
      return (store, range)
    }
    guard entry.isStored || entry.byteCount <= limit else {
      throw CheckpointError.overLimit(
        "A deflated entry has \(entry.byteCount) bytes; the limit is \(limit).", file: file,
        entry: entry.name)
    }
    let store = try read(entry)
    return (store, 0..<store.count)
  }

  /// All bytes of an entry as a string, checked.
  func text(of entry: Entry, limit: Int) throws(CheckpointError) -> String {
    let (store, range) = try bytes(of: entry, limit: limit)
    return store.text(range)
  }

  /// Checks an entry's bytes against the CRC-32 of the directory, a window at a time.
  ///
  /// - Parameter passed: Called with the size of each window.
  /// - Throws: `checksumMismatch`.
  func verify(_ entry: Entry, passed: (Int) -> Void = { _ in }) throws(CheckpointError) {
    try requireReadable(entry)
    guard let range = entry.range else {
      try unsafe stream(entry) { window in passed(window.count) }
      return
    }
    guard let expected = entry.checksum else { return }
    let actual = try store.checksum(of: range, dropping: range.count > Tensor.windowByteCount, passed: passed)
    try actual.require(expected, file: file, entry: entry.name)
  }

  /// An entry's bytes in memory, checked.
  func read(_ entry: Entry) throws(CheckpointError) -> ByteStore {
    // A stored entry has its bytes in the file; a deflated one was held against a limit.
    guard !entry.isStored || entry.byteCount <= store.count else { throw damaged(entry) }
    return try unsafe ByteStore(byteCount: entry.byteCount) { target throws(CheckpointError) in
      var done = 0
      try unsafe stream(entry) { window throws(CheckpointError) in
        guard window.count <= target.count - done else { throw damaged(entry) }
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[done...]).copyMemory(from: window)
        done += window.count
      }
      guard done == target.count else { throw damaged(entry) }
    }
  }

  /// An entry's first bytes, at most `count`; not checked.
  func head(of entry: Entry, count: Int) throws(CheckpointError) -> [UInt8] {
    try requireReadable(entry)
    return try handle.withLock { handle throws(CheckpointError) in
      guard let input = unsafe zip_fopen_index(handle.archive, zip_uint64_t(entry.index), 0) else {
        throw damaged(entry)
      }
      defer { unsafe zip_fclose(input) }
      var head = [UInt8](repeating: 0, count: min(count, entry.byteCount))
      let read = unsafe head.withUnsafeMutableBytes { bytes in
        guard let start = bytes.baseAddress else { return zip_int64_t(0) }
        return unsafe zip_fread(input, start, zip_uint64_t(bytes.count))
      }
      guard read >= 0 else { throw damaged(entry) }
      return Array(head.prefix(Int(read)))
    }
  }

  /// Calls `body` with an entry's bytes from first to last, a window at a time, and checks them at the end.
  ///
  /// libzip checks a CRC when it comes to an entry's end, and takes a CRC of 0 at its word, where torch means that
  /// there is none. So a stored entry is read up to its last byte and not beyond, and its CRC is taken here.
  func stream(
    _ entry: Entry, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    try requireReadable(entry)
    try handle.withLock { handle throws(CheckpointError) in
      // The local header has the name, and padding of up to a page.
      handle.source.expectedByteCount = entry.compressedByteCount &+ entry.name.utf8.count &+ 4096
      defer { handle.source.expectedByteCount = 0 }
      guard let input = unsafe zip_fopen_index(handle.archive, zip_uint64_t(entry.index), 0) else {
        throw store.failure ?? damaged(entry)
      }
      defer { unsafe zip_fclose(input) }
      let window = try unsafe UnsafeMutableRawBufferPointer.aligned(byteCount: 1 << 18)
      defer { unsafe window.deallocate() }
      // From libzip 1.8 on its header says that this is not nil.
      guard let start = window.baseAddress else { throw damaged(entry) }
      var checksum = Checksum()
      var done = 0
      while !entry.isStored || done < entry.byteCount {
        let count = unsafe zip_fread(input, start, zip_uint64_t(window.count))
        guard count >= 0 else { throw store.failure ?? damaged(entry, offset: done) }
        if count == 0 { break }
        done += Int(count)
        try AwaitedWork.check()
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: window[..<Int(count)])
        if entry.isStored { unsafe checksum.update(with: bytes) }
        try unsafe body(bytes)
      }
      guard done == entry.byteCount else { throw damaged(entry, offset: done) }
      if entry.isStored, let expected = entry.checksum {
        try checksum.require(expected, file: file, entry: entry.name)
      }
    }
  }

  private func requireReadable(_ entry: Entry) throws(CheckpointError) {
    if let obstacle = entry.obstacle { throw obstacle.error(file: file, entry: entry.name) }
  }

  private func damaged(_ entry: Entry, offset: Int? = nil) -> CheckpointError {
    CheckpointError.damaged(
      "The entry is damaged: wrong length or CRC-32.",
      file: file, entry: entry.name, offset: offset)
  }
}
