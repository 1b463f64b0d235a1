import CPth2swtZip
import StateDicts

/// A zip archive, read by libzip: the only zip parser here, since two that disagree are how archives are smuggled past
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
    /// Stored without compression, so that its bytes lie at `offset`.
    let isStored: Bool
    /// libzip can read it: stored or deflated, and not encrypted.
    let isReadable: Bool
    /// Nil where the directory says 0, which torch writes for "not computed".
    let checksum: Checksum?
    /// Where the payload begins in the file.
    let offset: Int
  }

  let store: ByteStore
  let file: String
  let entries: [Entry]
  private let names: NameTable
  /// libzip's handle, which is for one thread at a time.
  private let handle: Locked<Handle>

  @safe private struct Handle: @unchecked Sendable {
    let archive: OpaquePointer
  }

  /// Opens an archive.
  ///
  /// The corresponding C function is `zip_open_from_source`.
  ///
  /// - Throws: `malformedArchive`, `truncated`.
  init(_ store: ByteStore, file: String) throws(CheckpointError) {
    self.store = store
    self.file = file
    let source = ZipSource(store)
    var error = unsafe zip_error_t()
    unsafe zip_error_init(&error)
    defer { unsafe zip_error_fini(&error) }
    guard let zipSource = unsafe source.makeSource(&error) else {
      throw unsafe CheckpointError(.malformedArchive, "libzip: \(String(cString: zip_error_strerror(&error))).")
    }
    guard let archive = unsafe zip_open_from_source(zipSource, ZIP_RDONLY, &error) else {
      let isCut = unsafe zip_error_code_zip(&error) == ZIP_ER_NOZIP
      let reason = unsafe String(cString: zip_error_strerror(&error))
      unsafe zip_source_free(zipSource)
      throw CheckpointError(
        isCut ? .truncated : .malformedArchive,
        isCut
          ? "The zip archive has no end: its directory, which stands last, is missing."
          : "The zip archive's directory contradicts the file (libzip: \(reason)).",
        file: file, offset: store.count, remedy: "the file may have been cut short: download or copy it again")
    }
    do throws(CheckpointError) {
      entries = try unsafe Self.readDirectory(of: archive, source, store)
      var names = NameTable(capacity: entries.count)
      for entry in entries where !names.insert(entry.name).isNew {
        throw Self.malformed("Two entries have one name; which is meant?", entry.name)
      }
      self.names = names
    } catch {
      unsafe zip_discard(archive)
      throw error.located(file: file)
    }
    unsafe handle = Locked(Handle(archive: archive))
  }

  deinit { handle.withLock { handle in unsafe zip_discard(handle.archive) } }

  /// Whether an end record stands where one may: within 65,557 bytes of the end.
  static func hasEndRecord(_ store: ByteStore) -> Bool {
    unsafe store.withUnsafeBytes { bytes in
      let start = max(bytes.count - 65_557, 0)
      guard bytes.count - start >= 22 else { return false }
      return (start...bytes.count - 22).contains { place in
        unsafe bytes[place] == 0x50 && bytes[place + 1] == 0x4B && bytes[place + 2] == 5 && bytes[place + 3] == 6
      }
    }
  }

  subscript(name: String) -> Entry? { names.place(of: name).map { entries[$0] } }

  // MARK: - The directory

  /// After how many bytes the pages of local headers are given back.
  private static let droppedByteCount = 16 << 20

  private static func readDirectory(
    of archive: OpaquePointer, _ source: ZipSource, _ store: ByteStore
  ) throws(CheckpointError) -> [Entry] {
    let count = unsafe Int(zip_get_num_entries(archive, 0))
    var entries: [Entry] = []
    entries.reserveCapacity(min(count, store.count / 46))
    var extents: [Range<Int>] = []
    var passed = 0
    for index in 0..<count {
      var status = unsafe zip_stat_t()
      guard unsafe zip_stat_index(archive, zip_uint64_t(index), zip_flags_t(ZIP_FL_ENC_RAW), &status) == 0,
        let rawName = unsafe status.name
      else { throw malformed("Entry \(index) of the directory cannot be read.", nil) }
      let name = unsafe String(cString: rawName)
      guard let byteCount = unsafe Int(exactly: status.size),
        let compressedByteCount = unsafe Int(exactly: status.comp_size)
      else { throw malformed("An entry of more than 2^63 bytes.", name) }
      let isStored = unsafe status.comp_method == UInt16(ZIP_CM_STORE)
      guard !isStored || byteCount == compressedByteCount else {
        throw malformed("A stored entry with two sizes, \(byteCount) and \(compressedByteCount).", name)
      }
      var offset = 0
      if compressedByteCount > 0 {
        let extent = try unsafe locate(index, in: archive, source, store, rawName: rawName, name)
        offset = extent.upperBound
        guard compressedByteCount <= store.count - offset else {
          throw CheckpointError(
            .truncated, "An entry of \(compressedByteCount) bytes begins \(store.count - offset) before the end.",
            entry: name, offset: offset, remedy: "the file may have been cut short: download or copy it again")
        }
        extents.append(extent.lowerBound..<offset + compressedByteCount)
        // For a header's few bytes the kernel may map megabytes of its page cache.
        if offset - passed > Self.droppedByteCount {
          store.drop(passed..<offset)
          passed = offset
        }
      }
      unsafe entries.append(
        Entry(
          index: index, name: name, byteCount: byteCount, compressedByteCount: compressedByteCount, isStored: isStored,
          isReadable: status.encryption_method == UInt16(ZIP_EM_NONE)
            && (isStored || status.comp_method == UInt16(ZIP_CM_DEFLATE)),
          checksum: status.crc == 0 ? nil : Checksum(status.crc), offset: offset))
    }
    extents.sort { $0.lowerBound < $1.lowerBound }
    for (extent, next) in zip(extents, extents.dropFirst()) where extent.upperBound > next.lowerBound {
      throw CheckpointError(.malformedArchive, "Two entries overlap.", offset: next.lowerBound)
    }
    return entries
  }

  /// An entry's local header and payload, told by watching what libzip reads when it opens the entry.
  private static func locate(
    _ index: Int, in archive: OpaquePointer, _ source: ZipSource, _ store: ByteStore,
    rawName: UnsafePointer<CChar>, _ name: String
  ) throws(CheckpointError) -> Range<Int> {
    source.reads.removeAll(keepingCapacity: true)
    guard let file = unsafe zip_fopen_index(archive, zip_uint64_t(index), zip_flags_t(ZIP_FL_COMPRESSED)) else {
      let reason = unsafe String(cString: zip_strerror(archive))
      throw malformed("An entry cannot be opened (libzip: \(reason)).", name)
    }
    defer { unsafe zip_fclose(file) }
    var byte: UInt8 = 0
    // Of the header libzip 1.7 reads the two lengths at 26, nothing else.
    guard unsafe zip_fread(file, &byte, 1) == 1, let header = source.reads.first.map({ $0 - 26 }),
      let payload = source.reads.last, source.reads.count >= 2, header >= 0, payload >= header + 30,
      payload <= store.count
    else { throw malformed("An entry's bytes are not in the file.", name) }
    let isSameName = unsafe store.withUnsafeBytes { bytes in
      let length = unsafe Int(bytes[header + 26]) | Int(bytes[header + 27]) << 8
      guard header + 30 + length <= payload else { return false }
      var place = 0
      while place < length, unsafe bytes[header + 30 + place] == UInt8(bitPattern: rawName[place]) {
        if unsafe rawName[place] == 0 { return false }
        place += 1
      }
      return unsafe place == length && rawName[length] == 0
    }
    guard isSameName else {
      throw CheckpointError(
        .malformedArchive, "The entry has another name in its local header than in the directory.", entry: name,
        offset: header)
    }
    return header..<payload
  }

  private static func malformed(_ message: String, _ entry: String?) -> CheckpointError {
    CheckpointError(.malformedArchive, message, entry: entry)
  }

  // MARK: - Payloads

  /// An entry's bytes in whole, checked: in place where it is stored.
  func bytes(of entry: Entry, limit: Int) throws(CheckpointError) -> (store: ByteStore, range: Range<Int>) {
    try requireReadable(entry)
    guard entry.isStored else {
      guard entry.byteCount <= limit else {
        throw CheckpointError(
          .limitExceeded, "A deflated entry of \(entry.byteCount) bytes; the limit is \(limit).", file: file,
          entry: entry.name, remedy: CheckpointLimits.remedy)
      }
      let store = try inflate(entry)
      return (store, 0..<store.count)
    }
    try verify(entry)
    return (store, entry.offset..<entry.offset + entry.byteCount)
  }

  /// Checks an entry's bytes against the CRC-32 of the directory, a window at a time.
  ///
  /// - Parameter passed: is told each window's size.
  /// - Throws: `checksumMismatch`.
  func verify(_ entry: Entry, passed: (Int) -> Void = { _ in }) throws(CheckpointError) {
    try requireReadable(entry)
    guard entry.isStored else {
      try unsafe stream(entry) { window in passed(window.count) }
      return
    }
    guard let expected = entry.checksum else { return }
    let actual = store.checksum(
      of: entry.offset..<entry.offset + entry.byteCount, dropping: entry.byteCount > Tensor.windowByteCount,
      passed: passed)
    try actual.require(expected, file: file, entry: entry.name)
  }

  /// A deflated entry's bytes, in memory.
  ///
  /// libzip checks the CRC when it comes to the end.
  func inflate(_ entry: Entry) throws(CheckpointError) -> ByteStore {
    try unsafe ByteStore(byteCount: entry.byteCount) { target throws(CheckpointError) in
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
      let length = head.count
      let read = unsafe head.withUnsafeMutableBytes { bytes in
        unsafe zip_fread(input, bytes.baseAddress, zip_uint64_t(length))
      }
      guard read >= 0 else { throw damaged(entry) }
      return Array(head.prefix(Int(read)))
    }
  }

  /// Calls `body` with an entry's bytes from first to last, a window at a time.
  func stream(
    _ entry: Entry, _ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    try requireReadable(entry)
    try handle.withLock { handle throws(CheckpointError) in
      guard let input = unsafe zip_fopen_index(handle.archive, zip_uint64_t(entry.index), 0) else {
        throw damaged(entry)
      }
      defer { unsafe zip_fclose(input) }
      let window = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
      defer { unsafe window.deallocate() }
      var done = 0
      while true {
        let count = unsafe zip_fread(input, window.baseAddress, zip_uint64_t(window.count))
        guard count >= 0 else { throw damaged(entry, offset: done) }
        if count == 0 { break }
        done += Int(count)
        try unsafe body(UnsafeRawBufferPointer(rebasing: window[0..<Int(count)]))
      }
      guard done == entry.byteCount else { throw damaged(entry, offset: done) }
    }
  }

  private func requireReadable(_ entry: Entry) throws(CheckpointError) {
    guard entry.isReadable else {
      throw CheckpointError(
        .malformedArchive, "The entry is encrypted, or compressed by another method than deflate.", file: file,
        entry: entry.name, remedy: "unpack the archive and zip it again without a password")
    }
  }

  private func damaged(_ entry: Entry, offset: Int? = nil) -> CheckpointError {
    CheckpointError(
      .checksumMismatch, "The deflated bytes are damaged, or do not have the length or CRC-32 that the file says.",
      file: file, entry: entry.name, offset: offset, remedy: "download or copy the file again")
  }
}

/// A deflated entry as a storage's bytes.
struct DeflatedEntry: StorageContents {
  let archive: ZipArchive
  let entry: ZipArchive.Entry

  func load() throws(CheckpointError) -> ByteStore { try archive.inflate(entry) }

  func forEachWindow(_ body: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) {
    try unsafe archive.stream(entry, body)
  }
}
