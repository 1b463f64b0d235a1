public import StateDicts

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Loads the state dict of a checkpoint file: `.pth`, `.pt`, `.bin`, `.ckpt`, `.safetensors`, `.swt`, told by content.
///
///     let weights = try loadStateDict(url: url)
///     let values = try [Float](weights["conv1.weight"]!)
///
/// The state dict is found at the top of the file or under the usual keys; where two fit, name one by `key`.
///
/// - Throws: `CheckpointError`; `ambiguousStateDict` lists the keys to choose from.
public func loadStateDict(
  url: URL, key: String? = nil, options: CheckpointOptions = .init()
) throws(CheckpointError) -> StateDict {
  try Checkpoint(contentsOf: url, options: options).stateDict(key: key)
}

extension Checkpoint {
  /// The keys under which programs keep a state dict, as seen in real checkpoints.
  static let usualKeys = [
    "state_dict", "model_state_dict", "model", "net", "network", "module", "params", "params_ema", "ema", "model_ema",
    "ema_state_dict", "state_dict_ema", "generator", "weights", "model_state", "modelState", "net_state_dict",
    "student", "teacher",
  ]

  /// The key of all tensors of a file, by their paths.
  static let wholeFile = "."

  /// The state dict: at `key` (a path of keys joined by dots), else at the top, else under a usual key, else all
  /// tensors by their paths.
  ///
  /// - Throws: `ambiguousStateDict` where two keys fit, `noStateDict` where `key` leads nowhere or there is no tensor,
  ///   `nameCollision` where two paths come out as one name.
  public func stateDict(key: String? = nil) throws(CheckpointError) -> StateDict {
    switch contents {
    case .stateDict(let stateDict):
      guard let key, key != Self.wholeFile else { return stateDict }
      let prefix = key + "."
      let part = stateDict.filter { $0.name.utf8.starts(with: prefix.utf8) }
      guard !part.isEmpty else { throw noStateDict("No tensor's name begins with \(key).") }
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

  /// Where the tensors come from, to be kept with them.
  public var provenance: Provenance {
    Provenance(
      name: file.split(separator: "/").last.map(String.init) ?? file, byteCount: byteCount, format: format.rawValue,
      marks: marks)
  }

  private func stateDict(of values: TorchValues, key: String?) throws(CheckpointError) -> StateDict {
    let top = values.pickle.root
    let root: Pickle.ID
    if let key {
      guard let found = values.resolve(key, from: top) ?? (key == Self.wholeFile ? top : nil) else {
        let keys = (values.mapping(at: top) ?? []).map { values.pickle.keyText($0.key) }
        throw noStateDict("There is nothing under \(key). The file has: \(keys.prefix(20).joined(separator: ", ")).")
      }
      root = found
    } else {
      let candidates = values.candidates(from: top)
      guard candidates.count <= 1 else {
        throw CheckpointError(
          .ambiguousStateDict,
          "There are \(candidates.count) state dicts: \(candidates.map(\.key).joined(separator: ", ")).",
          remedy: "name the one that you want: key: \"\(candidates[0].key)\", or --key \(candidates[0].key)")
      }
      root = candidates.first?.id ?? top
    }
    var found =
      try isPlain && root == top
      ? tensors : TensorWalk.tensors(under: root, of: values, .stateDict, limits: options.limits).found
    // Where torch's own tensors are none: numpy arrays, the constants of frozen TorchScript.
    if found.isEmpty {
      found =
        key == nil
        ? tensors : try TensorWalk.tensors(under: root, of: values, .everything, limits: options.limits).found
    }
    if found.isEmpty, values.mapping(at: root)?.isEmpty != true {
      throw noStateDict("There is no tensor in this checkpoint.")
    }
    var result = try StateDict(found.lazy.map { ($0.name.isEmpty ? "tensor" : $0.name, $0.tensor) })
    result.metadata.source = provenance
    result.metadata.modules =
      values.moduleMetadata(at: root).map { id in
        if case .object(let members) = CheckpointValue(values: values, id: id).json() { members } else { [] }
      } ?? []
    result.metadata.otherValues = values.others(beside: root)
    return result
  }

  private func noStateDict(_ message: String) -> CheckpointError {
    CheckpointError(.noStateDict, message, file: file, remedy: "pth2swt inspect shows what is in the file")
  }
}

extension TorchValues {
  /// The value at a path of keys joined by dots; a key may itself hold dots.
  func resolve(_ path: String, from id: Pickle.ID) -> Pickle.ID? {
    if let direct = child(path, of: id) { return direct }
    var dot = path.firstIndex(of: ".")
    while let place = dot {
      if let child = child(String(path[..<place]), of: id),
        let found = resolve(String(path[path.index(after: place)...]), from: child)
      {
        return found
      }
      dot = path[path.index(after: place)...].firstIndex(of: ".")
    }
    return nil
  }

  private func child(_ key: String, of id: Pickle.ID) -> Pickle.ID? {
    if let entries = mapping(at: id) { return entries.last { pickle.keyText($0.key) == key }?.value }
    if let items = pickle.sequence(at: id), let index = Int(key), items.indices.contains(items.startIndex + index),
      index >= 0
    {
      return items[items.startIndex + index]
    }
    return attribute(key, of: id)
  }

  /// The state dicts under `top`: itself if it holds tensors or is a module, else those under the usual keys, to three
  /// levels.
  ///
  /// A value that is there under two keys counts once.
  func candidates(from top: Pickle.ID, prefix: String = "", depth: Int = 0) -> [(key: String, id: Pickle.ID)] {
    if isStateDict(top) { return [(prefix, top)] }
    // A module of torch.fx is a call with the dict of its attributes.
    if let object = pickle.object(at: top), globalName(at: object.callable)?.hasSuffix("_graph_module") == true,
      let attributes = arguments(object).first, module(at: attributes) != nil
    {
      return [(prefix, attributes)]
    }
    guard depth < 3, let entries = mapping(at: top) else { return [] }
    var found: [(key: String, id: Pickle.ID)] = []
    for entry in entries {
      let key = pickle.keyText(entry.key)
      guard Checkpoint.usualKeys.contains(key) else { continue }
      let path = prefix.isEmpty ? key : "\(prefix).\(key)"
      for candidate in candidates(from: entry.value, prefix: path, depth: depth + 1)
      where !found.contains(where: { $0.id == candidate.id }) {
        found.append(candidate)
      }
    }
    return found
  }

  /// Whether a value is a module, or a mapping that holds a tensor itself.
  private func isStateDict(_ id: Pickle.ID) -> Bool {
    if module(at: id) != nil { return true }
    return mapping(at: id)?.contains { isTensor(at: $0.value) } ?? false
  }

  /// The values that stand beside the state dict at `root`, as JSON: what the top holds that is no tensor.
  func others(beside root: Pickle.ID?) -> [JSONValue.Member] {
    guard let entries = mapping(at: pickle.root) else { return [] }
    return entries.compactMap { entry in
      guard entry.value != root, !isTensor(at: entry.value) else { return nil }
      let value = CheckpointValue(values: self, id: entry.value).json()
      if value == .null, !isNone(entry.value) { return nil }
      return JSONValue.Member(pickle.keyText(entry.key), value)
    }
  }

  private func isNone(_ id: Pickle.ID) -> Bool {
    if case .none = pickle[id] { true } else { false }
  }
}
