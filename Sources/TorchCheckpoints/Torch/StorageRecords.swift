import StateDicts

/// Where the storages of a checkpoint lie: in archive entries, or one after another behind a legacy pickle.
protocol StorageRecords {
  /// The storage of a key.
  ///
  /// - Throws: `missingRecord` where there is none, or less than `byteCount`.
  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage

  /// The tensor of a key, in formats that list tensors apart from their pickle; nil in all others.
  func tensor(key: String) -> Tensor?
}

extension StorageRecords {
  func tensor(key: String) -> Tensor? { nil }
}
