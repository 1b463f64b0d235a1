import StateDicts

/// A pickle with what its globals and persistent ids mean to torch, before any storage was looked for.
struct TorchPickle: Sendable {
  let pickle: Pickle
  let meanings: [GlobalMeaning]
  let persistentIDs: [PersistentID]
  let embedded: EmbeddedFiles

  /// Every global that it names, and what the files inside it name.
  var globals: [Checkpoint.GlobalUse] {
    zip(pickle.globals, meanings).map { global, meaning in
      Checkpoint.GlobalUse(
        name: global.qualifiedName, verdict: meaning == .dangerous ? .dangerous : meaning == .inert ? .inert : .known)
    } + embedded.globals
  }

  /// - Throws: `dangerousGlobal` unless the options go on; `malformedTensor` for a persistent id that is not torch's; what
  ///   `EmbeddedFiles` throws.
  init(_ pickle: Pickle, options: CheckpointOptions) throws(CheckpointError) {
    self.pickle = pickle
    var meanings = pickle.globals.map(GlobalMeaning.init)
    for place in meanings.indices
    where meanings[place] == .loadFromBytes && EmbeddedFiles.isHandedOn(place, in: pickle) {
      meanings[place] = .dangerous
    }
    self.meanings = meanings
    if !options.allowsDangerousGlobals, let place = meanings.firstIndex(of: .dangerous) {
      let global = pickle.globals[place]
      throw CheckpointError(
        .dangerousGlobal,
        "The pickle names \(global.module).\(global.name), which exists to run code. It was not run.",
        remedy: "do not load this file with Python; to see its tensors nevertheless, pass --allow-dangerous-globals")
    }
    var ids: [PersistentID] = []
    ids.reserveCapacity(pickle.persistentIDs.count)
    for id in pickle.persistentIDs { try ids.append(PersistentID(pickle, meanings, id)) }
    persistentIDs = ids
    embedded = try EmbeddedFiles(pickle, meanings, options: options)
  }
}
