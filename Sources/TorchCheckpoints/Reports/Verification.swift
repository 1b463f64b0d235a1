public import StateDicts

/// The result of verifying all bytes of a checkpoint.
public struct Verification: Sendable, Encodable {
  /// A record whose bytes do not match its checksum.
  public struct Damage: Sendable, Encodable {
    /// The archive entry or tensor.
    public let entry: String
    /// What is wrong.
    public let message: String
  }

  /// The number of records read.
  public let records: Int
  /// Their total size in bytes.
  public let bytes: Int
  /// The number of records without a checksum.
  public let withoutChecksum: Int
  /// The damaged records; empty if there are none.
  public let damaged: [Damage]

  enum CodingKeys: String, CodingKey {
    case records, bytes, damaged
    case withoutChecksum = "without_checksum"
  }
}

extension Checkpoint {
  /// Reads every record, used or not, and checks it against the CRC-32 in the file.
  ///
  /// Bounds and structure were checked when the checkpoint was opened.
  public func verify(progress: @escaping @Sendable (CopyProgress) -> Void = { _ in }) throws -> Verification {
    let outer = try verifyOuterMembers()
    if let archive = contents.archive {
      let sum = ProgressSum(total: archive.entries.reduce(0) { $0 + $1.byteCount }, progress)
      let found = try concurrentMap(archive.entries) { entry in
        defer { if let payload = entry.payload { archive.store.drop(payload) } }
        do throws(CheckpointError) {
          try archive.verify(entry) { sum.add($0, entry.name) }
          return Verification.Damage?.none
        } catch {
          return Verification.Damage(entry: entry.name, message: error.message)
        }
      }
      return Verification(
        records: archive.entries.count, bytes: archive.entries.reduce(0) { $0 + $1.byteCount },
        withoutChecksum: archive.entries.count { $0.checksum == nil && $0.byteCount > 0 },
        damaged: outer + found.compactMap { $0 })
    }
    var seen = Set<ObjectIdentifier>()
    let storages = tensors.map(\.tensor.storage).filter { seen.insert(ObjectIdentifier($0)).inserted }
    let sum = ProgressSum(total: storages.reduce(0) { $0 + $1.byteCount }, progress)
    let found = try concurrentMap(storages) { storage in
      defer { storage.drop() }
      do {
        try storage.verify(dropping: true) { sum.add($0, storage.entry) }
        return Verification.Damage?.none
      } catch let error as CheckpointError {
        return Verification.Damage(entry: storage.entry, message: error.message)
      }
    }
    return Verification(
      records: storages.count, bytes: storages.reduce(0) { $0 + $1.byteCount },
      withoutChecksum: storages.count { $0.checksum == nil && $0.byteCount > 0 },
      damaged: outer + found.compactMap { $0 })
  }

  /// Checks the members of zip archives that the checkpoint was read from, where they lie there as they are: what was
  /// unpacked was checked then.
  private func verifyOuterMembers() throws -> [Verification.Damage] {
    var damaged: [Verification.Damage] = []
    for (archive, entry) in contents.outerEntries where entry.range != nil {
      do throws(CheckpointError) {
        try archive.verify(entry)
      } catch {
        damaged.append(Verification.Damage(entry: entry.name, message: error.message))
      }
    }
    return damaged
  }
}
