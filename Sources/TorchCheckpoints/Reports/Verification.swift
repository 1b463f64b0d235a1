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
  public let recordCount: Int
  /// Their total size in bytes.
  public let byteCount: Int
  /// The number of records without a checksum.
  public let withoutChecksum: Int
  /// The damaged records; empty if there are none.
  public let damaged: [Damage]
  /// Values that no sound model has; empty if they were not checked or a record is damaged.
  public let findings: [ValueFinding]

  enum CodingKeys: String, CodingKey {
    case damaged
    case recordCount = "records"
    case byteCount = "bytes"
    case withoutChecksum = "without_checksum"
  }
}

extension Checkpoint {
  /// Reads every record, used or not, and checks it against the CRC-32 in the file.
  ///
  /// Bounds and structure were checked when the checkpoint was opened.
  ///
  /// - Parameters:
  ///   - checks: What to look for among the values of tensors (default: nothing). Bytes that were read for this are not
  ///     read again for their checksum.
  ///   - progress: Called as bytes are read, from any thread.
  /// - Throws: `CheckpointError` if a file cannot be read, or expanded views exceed `CheckpointLimits.expandedByteCount` where
  ///   values are checked. Damage is not an error but in the result.
  public func verify(
    values checks: Set<ValueFinding.Check> = [], progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) throws -> Verification {
    // Damage ends the first pass; the second then lists everything that is damaged.
    let findings = Result { try checks.isEmpty ? [] : self.findings(checks, progress: progress) }
    let verified = checks.isEmpty ? [] : Set(tensors.lazy.map(\.tensor.storage).filter(\.isVerified).map(\.entry))
    let records = self.records
    let unread = records.filter { !verified.contains($0.name) }
    let sum = ProgressSum(total: unread.reduce(0) { $0 + $1.byteCount }, progress)
    let damaged =
      try verifyOuterMembers()
      + concurrentMap(unread) { record in
        do {
          try record.verify { sum.add($0, record.name) }
          return Verification.Damage?.none
        } catch let error as CheckpointError {
          return Verification.Damage(entry: record.name, message: error.message)
        }
      }.compactMap { $0 }
    try AwaitedWork.check()
    return Verification(
      recordCount: records.count, byteCount: records.reduce(0) { $0 + $1.byteCount },
      withoutChecksum: records.count { !$0.hasChecksum && $0.byteCount > 0 }, damaged: damaged,
      findings: damaged.isEmpty ? try findings.get() : [])
  }

  /// Verifies all bytes from a task, which waits without blocking a thread.
  ///
  /// - Parameters:
  ///   - checks: What to look for among the values of tensors (default: nothing).
  ///   - progress: Called as bytes are read, from any thread.
  /// - Throws: `CancellationError` if the task is cancelled, and the errors of the synchronous `verify()`.
  public func verify(
    values checks: Set<ValueFinding.Check> = [], progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) async throws -> Verification {
    try await offCooperativePool { try verify(values: checks, progress: progress) }
  }

  /// The storages of the files: of a tensor that is put together, those of its parts.
  private var origins: [Storage] {
    var storages: [Storage] = []
    for item in tensors { try? item.tensor.forEachOrigin { storages.append($0.storage) } }
    return storages
  }

  /// What `verify` reads: an entry of the archive, or the bytes of a storage.
  private struct Record: Sendable {
    let name: String
    let byteCount: Int
    let hasChecksum: Bool
    let verify: @Sendable (_ passed: (Int) -> Void) throws -> Void
  }

  private var records: [Record] {
    if let archive = contents.archive {
      return archive.entries.map { entry in
        Record(name: entry.name, byteCount: entry.byteCount, hasChecksum: entry.checksum != nil) { passed in
          defer { if let payload = entry.payload { archive.store.pass(payload) } }
          try archive.verify(entry, passed: passed)
        }
      }
    }
    var seen = Set<ObjectIdentifier>()
    return origins.filter { seen.insert(ObjectIdentifier($0)).inserted }.map { storage in
      Record(name: storage.entry, byteCount: storage.byteCount, hasChecksum: storage.checksum != nil) { passed in
        defer { storage.drop() }
        try storage.verify(dropping: true, passed: passed)
      }
    }
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
