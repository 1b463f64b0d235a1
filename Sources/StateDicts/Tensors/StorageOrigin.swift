/// What the storages of one file share.
@safe public final class StorageOrigin: Sendable {
  /// The file, as given by the caller.
  public let file: String
  /// What stands before a storage's key in the name of its archive entry: `archive/data/`.
  package let entryPrefix: String
  /// Whether a storage's CRC-32 is checked when its bytes are first used in whole.
  package let checksOnUse: Bool
  let lock = Locked(true)
  private let empty = Locked(Storage?.none)

  package init(file: String, entryPrefix: String = "", checksOnUse: Bool = true) {
    self.file = file
    self.entryPrefix = entryPrefix
    self.checksOnUse = checksOnUse
  }
}

extension StorageOrigin {
  /// An origin for a storage that is made of others of this file: it has a lock of its own, since theirs are taken
  /// while it loads.
  package func derived() -> StorageOrigin { StorageOrigin(file: file, checksOnUse: checksOnUse) }

  /// The one storage of no bytes that tensors without elements of their own view.
  package var emptyStorage: Storage {
    empty.withLock { empty in
      if let empty { return empty }
      let storage = Storage(ByteStore(copying: []), key: "", origin: .memory)
      empty = storage
      return storage
    }
  }

  /// The origin of storages that were made in memory.
  package static let memory = StorageOrigin(file: "<memory>")
}
