import StateDicts

/// A pickle with what its globals and persistent ids mean to torch, before any storage was looked for.
struct TorchPickle: Sendable {
  let pickle: Pickle
  let meanings: [GlobalMeaning]
  let persistentIDs: [PersistentID]
  let embedded: EmbeddedFiles
  /// Every global that it names, and what the files inside it name.
  let globals: [GlobalUse]
  /// The dtype of numpy arrays of plain bytes.
  let numpyVoidType: ElementType?

  /// - Throws: `dangerousGlobal` unless the options go on; `malformedTensor` for a persistent id that is not torch's;
  ///   what `EmbeddedFiles` throws.
  init(
    _ pickle: Pickle, options: CheckpointOptions, reading read: CheckpointContents.Reader
  ) throws(CheckpointError) {
    self.pickle = pickle
    numpyVoidType = options.numpyVoidType
    let names = PickledNames(pickle)
    meanings = names.meanings
    if !options.allowsDangerousGlobals, let global = names.dangerous {
      throw CheckpointError(
        .dangerousGlobal,
        "The pickle names \(global.module).\(global.name), which can run code. It was not run.",
        remedy: "do not load this file with Python; list its tensors with --allow-dangerous-globals")
    }
    var ids: [PersistentID] = []
    ids.reserveCapacity(pickle.persistentIDs.count)
    for id in pickle.persistentIDs { try ids.append(PersistentID(pickle, meanings, id)) }
    persistentIDs = ids
    embedded = try EmbeddedFiles(pickle, meanings, options: options, read: read)
    globals = names.uses + embedded.globals
  }
}
