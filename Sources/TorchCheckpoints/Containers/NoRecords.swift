import StateDicts

/// The storages of a format that has none.
struct NoRecords: StorageRecords {
  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    throw CheckpointError(
      .missingRecord, "The file is only a pickle, without the storage \(key) of \(byteCount) bytes.",
      remedy: "save it with torch.save; "
        + "if this is the data.pkl of an unpacked archive, give the path of its folder")
  }
}
