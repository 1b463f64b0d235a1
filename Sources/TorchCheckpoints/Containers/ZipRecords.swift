import StateDicts

/// Storages as records `data/KEY` of an archive.
struct ZipRecords: StorageRecords {
  let archive: ZipArchive
  let origin: StorageOrigin
  let byteOrder: ByteOrder
  let limits: CheckpointLimits

  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    let name = origin.entryPrefix + key
    guard let entry = archive[name] else {
      guard byteCount == 0 else {
        throw CheckpointError.incomplete("The record of a storage of \(byteCount) bytes is missing.", entry: name)
      }
      return Storage(.region(archive.store, offset: 0), byteCount: 0, key: key, location: location, origin: origin)
    }
    guard entry.byteCount >= byteCount else {
      throw CheckpointError.incomplete(
        "A storage of \(byteCount) bytes has a record of only \(entry.byteCount).", entry: name)
    }
    if let obstacle = entry.obstacle { throw obstacle.error(entry: name) }
    if let range = entry.range {
      return Storage(
        .region(archive.store, offset: range.lowerBound), byteCount: entry.byteCount, byteOrder: byteOrder, key: key,
        location: location, checksum: entry.checksum, origin: origin)
    }
    // A record that inflates to more than its storage needs has no use but to fill memory.
    guard entry.isStored || entry.byteCount == byteCount && byteCount <= limits.inflatedStorageByteCount else {
      throw CheckpointError.overLimit(
        "A storage of \(byteCount) bytes has a deflated record of \(entry.byteCount).", entry: name)
    }
    return Storage(
      .lazy(StreamedEntry(archive: archive, entry: entry)), byteCount: entry.byteCount, byteOrder: byteOrder, key: key,
      location: location, checksum: entry.checksum, origin: origin)
  }
}
