import StateDicts

/// The storages after a legacy pickle, in place.
struct LegacyRecords: StorageRecords {
  private let storages: [String: Storage]
  private let nothing: Storage
  /// Where the last storage ends.
  let end: Int

  /// - Throws: `malformedHeader`, `truncated`.
  init(
    _ keys: [String], of value: TorchPickle, _ store: ByteStore, at position: Int, origin: StorageOrigin
  ) throws(CheckpointError) {
    var declarations: [String: StorageDeclaration] = [:]
    for case .storage(let declaration) in value.persistentIDs where declarations[declaration.key] == nil {
      declarations[declaration.key] = declaration
    }
    var reader = PickleReader(store, from: position, options: .init())
    var storages = [String: Storage](minimumCapacity: keys.count)
    for key in keys {
      guard let declaration = declarations[key] else {
        throw CheckpointError.malformedHeader(
          "Storage \(key) is listed but not used, so the size of its elements is unknown.",
          offset: reader.position)
      }
      let count = try reader.number(Int64.self)
      let range = try reader.skip(count, elementsOf: declaration.elementType.byteCount, "Storage \(key)")
      storages[key] = Storage(
        .region(store, offset: range.lowerBound), byteCount: range.count, key: key, location: declaration.location,
        origin: origin)
    }
    self.storages = storages
    end = reader.position
    nothing = Storage(.region(store, offset: 0), byteCount: 0, key: "", origin: origin)
  }

  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    guard let storage = storages[key] ?? (byteCount == 0 ? nothing : nil) else {
      throw CheckpointError(.missingRecord, "Storage \(key) of \(byteCount) bytes is not listed.")
    }
    guard storage.byteCount >= byteCount else {
      throw CheckpointError(
        .missingRecord, "Storage \(key) of \(byteCount) bytes has a record of only \(storage.byteCount).")
    }
    return storage
  }
}
