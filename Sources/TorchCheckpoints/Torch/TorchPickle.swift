import StateDicts

/// A pickle with what its globals and persistent ids mean to torch, before any storage was looked for.
struct TorchPickle: Sendable {
  let pickle: Pickle
  let meanings: [GlobalMeaning]
  let persistentIDs: [PersistentID]

  /// - Throws: `dangerousGlobal` unless the options go on; `malformedTensor` for a persistent id that is not torch's.
  init(_ pickle: Pickle, options: CheckpointOptions) throws(CheckpointError) {
    self.pickle = pickle
    let meanings = pickle.globals.map(GlobalMeaning.init)
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
  }
}
