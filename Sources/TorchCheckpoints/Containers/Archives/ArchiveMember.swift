import StateDicts

/// A file in an archive, of whatever kind the archive is.
struct ArchiveMember: Sendable {
  enum Contents: Sendable {
    case zip(ZipArchive, ZipArchive.Entry)
    /// Stored in the archive without compression.
    case tar(ByteStore, Range<Int>)
  }

  /// The kind of a member, recognised by its first bytes.
  enum Nature: Equatable {
    case checkpoint
    /// A known format that is not a checkpoint.
    case foreign(String, remedy: String)
    /// It cannot be read.
    case locked(ZipArchive.Obstacle)
    /// Text or other bytes.
    case other
  }

  /// The name, without `./` before it.
  let name: String
  let byteCount: Int
  let contents: Contents

  init(_ entry: ZipArchive.Entry, of archive: ZipArchive) {
    name = Self.plain(entry.name)
    byteCount = entry.byteCount
    contents = .zip(archive, entry)
  }

  init(_ member: TarArchive.Member, of store: ByteStore) {
    name = Self.plain(member.name)
    byteCount = member.range.count
    contents = .tar(store, member.range)
  }

  /// A file that lies by itself, in a folder elsewhere.
  init(_ name: String, in store: ByteStore) {
    self.name = name
    byteCount = store.count
    contents = .tar(store, 0..<store.count)
  }

  static func plain(_ name: String) -> String { String(name.hasPrefix("./") ? name.dropFirst(2) : name[...]) }

  /// Whether a system left it there, or it holds nothing.
  var isMeaningless: Bool {
    byteCount == 0 || name.hasSuffix("/") || name.hasPrefix("__MACOSX/")
      || (name.split(separator: "/").last ?? "").hasPrefix("._")
  }

  /// - Throws: what inflating the first bytes throws.
  func nature() throws(CheckpointError) -> Nature {
    let start: ByteStore
    switch contents {
    case .zip(let archive, let entry):
      if let obstacle = entry.obstacle { return .locked(obstacle) }
      start = try ByteStore(copying: archive.head(of: entry, count: FileHead.limit))
    case .tar(let store, let range): start = ByteStore(store, range: range.prefix(FileHead.limit))
    }
    if let kind = try? FileKind.detect(start) { return kind == .json ? .other : .checkpoint }
    let head = FileHead(start)
    guard !head.isText, let format = ForeignFormat.detect(head) else { return .other }
    return .foreign(format.name, remedy: format.remedy)
  }

  /// Its bytes: in place where they are stored, else unpacked.
  func bytes(_ unpacking: Unpacking) throws(CheckpointError) -> ByteStore {
    switch contents {
    case .tar(let store, let range): return ByteStore(store, range: range)
    case .zip(let archive, let entry):
      if let obstacle = entry.obstacle { throw obstacle.error(entry: name) }
      if let range = entry.range { return ByteStore(archive.store, range: range) }
      return try unsafe unpacking.bytes(byteCount: entry.byteCount) { (append) throws(CheckpointError) in
        try unsafe archive.stream(entry, append)
      }
    }
  }
}
