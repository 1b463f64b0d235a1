import StateDicts

/// Torch's format of versions before 0.1.10: a tar archive of four members.
///
///     sys_info     pickle of {'protocol_version': 1000, …}
///     storages     pickle(n); n times: pickle((key, location, class)), int64 count, bytes; then
///                  pickle([(key of a view, key of its storage, offset, count), …])
///     tensors      pickle(n); n times: pickle((key, storage, class)), int32 dimensions, 4 bytes,
///                  int64 sizes, int64 strides, int64 offset
///     pickle       the value; its persistent ids are tensors' keys, and classes with their source text
///
/// Source: `legacy_load` in `torch/serialization.py`.
enum TorchTar {
  private static let memberNames: Set<String> = ["sys_info", "pickle", "tensors", "storages"]

  static func open(
    _ store: ByteStore, file: String, _ options: CheckpointOptions
  ) throws(CheckpointError) -> CheckpointContents {
    let archive = try TarArchive(store)
    guard let pickleMember = archive["pickle"], let storages = archive["storages"], let tensors = archive["tensors"],
      archive["sys_info"] != nil
    else {
      // Cut short between two members, it would pass for an archive of pickles.
      guard archive.members.contains(where: { !memberNames.contains(ArchiveMember.plain($0.name)) }) else {
        throw CheckpointError(
          .notACheckpoint,
          "The tar archive has only \(archive.members.count) of the four members of a checkpoint (sys_info, pickle, "
            + "tensors, storages).", remedy: CheckpointError.cutShort)
      }
      return try WrappedFiles(archive, store, file: file).open(options)
    }
    let records = try TarRecords(
      store, storages: storages.range, tensors: tensors.range, options: options,
      origin: StorageOrigin(file: file, entryPrefix: "storages/", checksOnUse: options.checksCRC))
    var reader = PickleReader(
      store, from: pickleMember.range.lowerBound, to: pickleMember.range.upperBound, options: options)
    let value = try reader.next()
    var contents = try CheckpointContents(
      .tar, file: file, store: store, pickled: TorchValues(value, records: records), limits: options.limits)
    contents.globals += records.globals
    return contents
  }
}
