public import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Loads the state dict of a checkpoint: `.pth`, `.pt`, `.bin`, `.ckpt`, `.safetensors` or `.swt`, recognised by
/// content.
///
///     let weights = try loadStateDict(url: url)
///     let values = try [Float](weights["conv1.weight"]!)
///
/// The state dict is found at any depth. If there are several, select one with `key`.
///
/// - Throws: `CheckpointError`; `ambiguousStateDict` lists the keys to choose from.
public func loadStateDict(
  url: URL, key: String? = nil, options: CheckpointOptions = .init()
) throws(CheckpointError) -> StateDict {
  try Checkpoint(contentsOf: url, options: options).stateDict(key: key)
}

extension Checkpoint {
  /// The key of all tensors of a file, by their paths.
  static let wholeFile = "."

  /// Returns the state dict at `key`, or the only one in the file.
  ///
  /// Without a key, the state dict is the only mapping from strings to tensors, or the only module, that does not
  /// belong to an optimizer, scheduler and so on. If there is none, it is all tensors, named by their paths.
  /// docs/formats/pth.md has the complete rule. `metadata.leftOut` lists the other tensors in the file.
  ///
  /// - Parameter key: The path of the state dict, as keys joined by dots; "." for all tensors, named by their paths.
  /// - Throws: `ambiguousStateDict` if the file has several, `noStateDict` if nothing is at `key` or there are no
  ///   tensors, `nameCollision` if two tensors have the same name.
  public func stateDict(key: String? = nil) throws(CheckpointError) -> StateDict {
    switch contents.values {
    case .stateDict(var stateDict):
      stateDict.metadata.source = provenance
      guard let key, key != Self.wholeFile else { return stateDict }
      let prefix = key + "."
      let part = stateDict.filter { $0.name.utf8.starts(with: prefix.utf8) }
      guard !part.isEmpty else { throw noStateDict("No tensor name begins with \(key).") }
      return try part.mapNames { name in
        name.utf8.starts(with: prefix.utf8)
          ? String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : name
      }
    case .pickled(let values):
      do throws(CheckpointError) {
        return try stateDict(of: values, key: key)
      } catch {
        throw error.located(file: file)
      }
    }
  }

  /// Returns all tensors of the file by the paths to them, an optimizer's too, with all other values.
  ///
  /// A `.pth` file written from it has the structure of the original.
  ///
  /// - Throws: `nameCollision` if two tensors have the same path, `noStateDict` if the checkpoint has no tensors.
  public func everything() throws(CheckpointError) -> StateDict {
    guard case .pickled(let values) = contents.values else { return try stateDict() }
    let found = tensors.filter { !$0.isNumpyScalar }
    guard !found.isEmpty else { throw noStateDict("The checkpoint has no tensors.") }
    var metadata = StateDict.Metadata()
    metadata.source = provenance
    let root = values.pickle.root
    let others = OtherValues(beside: found, at: root, in: values, limits: options.limits)
    metadata.otherValues = others.value?.members ?? [:]
    metadata.place = others.place
    metadata.modules = modules(values, at: root)
    metadata.leftOut = leftOut
    do throws(CheckpointError) {
      return try StateDict(
        found.lazy.map { ($0.key, $0.tensor) }, originalNames: found.map(\.name), metadata: metadata)
    } catch {
      throw error.located(file: file)
    }
  }

  /// Torch's `_metadata` of a state dict.
  private func modules(_ values: TorchValues, at root: Pickle.ID) -> JSONObject {
    values.moduleMetadata(at: root).flatMap { CheckpointValue(values: values, id: $0).json().objectValue } ?? [:]
  }

  private func stateDict(of values: TorchValues, key: String?) throws(CheckpointError) -> StateDict {
    let choice = try choice(among: values, key: key)
    let root = choice.id
    var found =
      try contents.isPlain && root == values.pickle.root && (key != nil || choice.isFlat)
      ? tensors
      : TensorWalk.tensors(
        under: root, of: values, key == nil ? .chosenStateDict : .stateDict, limits: options.limits
      ).found
    // Where torch's own tensors are none: numpy scalars, the constants of frozen TorchScript.
    if found.isEmpty {
      found =
        key == nil
        ? tensors : try TensorWalk.tensors(under: root, of: values, .everything, limits: options.limits).found
    }
    if found.isEmpty, values.mapping(at: root)?.isEmpty != true {
      throw noStateDict("The checkpoint has no tensors.")
    }
    let rest = try Remainder(
      of: tensors, beside: found, under: choice.key, in: values, limits: options.limits)
    var metadata = StateDict.Metadata()
    metadata.source = provenance
    metadata.source?.key = choice.key.isEmpty ? nil : choice.key
    metadata.modules = modules(values, at: root)
    let others = OtherValues(beside: found, at: root, in: values, limits: options.limits)
    metadata.otherValues = others.value?.members ?? [:]
    metadata.place = others.place
    if others.place == nil, !choice.key.isEmpty, root != values.pickle.root, !others.namesTensors {
      metadata.place = StateDictPlace([StateDictPlace.Step(.text(choice.key), position: 0)])
    }
    metadata.leftOut = leftOut + rest.leftOut
    return try StateDict(
      found.lazy.map { ($0.key, $0.tensor) }, originalNames: rest.originalNames,
      metadata: metadata)
  }

  /// The value at a key, or the one state dict of the file, or the whole file where there is none.
  private func choice(among values: TorchValues, key: String?) throws(CheckpointError) -> StateDictSearch.Candidate {
    let whole = StateDictSearch.Candidate(id: values.pickle.root, isFlat: true)
    if let key {
      var keys = KeyPaths(in: values)
      if let found = keys.value(at: key) { return StateDictSearch.Candidate(key: key, id: found) }
      if key == Self.wholeFile { return whole }
      let entries = (values.mapping(at: whole.id) ?? []).prefix(20).map { values.pickle.keyText($0.key).shortened }
      throw noStateDict("Key not found: \(key). The file has: \(entries.joined(separator: ", ")).")
    }
    let candidates = StateDictSearch.candidates(in: values)
    guard candidates.count > 1 else { return candidates.first ?? whole }
    let list = candidates.prefix(StateDictSearch.namedCount).map { candidate -> String in
      let walk = try? TensorWalk.tensors(
        under: candidate.id, of: values, .chosenStateDict, limits: options.limits)
      let count = walk?.found.count ?? 0
      return "\(candidate.key.shortened) (\(count) tensor\(count == 1 ? "" : "s"))"
    }
    let more = candidates.count > list.count ? " and \(candidates.count - list.count) more" : ""
    throw CheckpointError(
      .ambiguousStateDict, "There are \(candidates.count) state dicts: \(list.joined(separator: ", "))\(more).",
      remedy: "select one with --key \(candidates[0].key) (key: \"\(candidates[0].key)\")")
  }

  private func noStateDict(_ message: String) -> CheckpointError {
    CheckpointError(.noStateDict, message, file: file, remedy: "run pth2swt inspect to list the contents")
  }
}

extension TorchValues {
  /// The values outside the state dict at `root`, as JSON: everything at the top level that is not a tensor.
  func others(beside root: Pickle.ID?) -> JSONObject {
    var others = JSONObject()
    var budget = max(100_000, min(pickle.nodes.count, 1_000_000))
    for entry in mapping(at: pickle.root) ?? [] where entry.value != root && !isTensor(at: entry.value) {
      let value = CheckpointValue(values: self, id: entry.value).json(within: &budget)
      if !value.isNull || isNone(entry.value) { others.append(pickle.keyText(entry.key), value) }
    }
    return others
  }

  private func isNone(_ id: Pickle.ID) -> Bool {
    if case .none = pickle[id] { true } else { false }
  }
}
