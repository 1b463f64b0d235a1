import StateDicts

/// The search for the state dict of a pickled checkpoint, as docs/formats/pth.md specifies it.
///
///     {"epoch": 3, "model": {"fc.weight": T}, "optimizer": {…}}      model
///     {"generator": {"l.weight": T}, "discriminator": {…}}           both: the caller must choose
///     {"layer1": {"weight": T}, "layer2": {"weight": T}}             the whole: nested modules
struct StateDictSearch {
  /// A value that may be the state dict.
  struct Candidate {
    /// The path to it; empty for the top of the file, and for candidates beyond the first `namedCount`.
    var key = ""
    let id: Pickle.ID
    var path = PathTree.Path.top
    /// Whether it holds tensors and plain values only, so that everything in it belongs to it.
    var isFlat = false
    /// Whether it is a state dict by itself rather than a part of one: a module, or with the mark or the dotted names
    /// of a module's `state_dict()`.
    var isWhole = false
    /// Whether a usual key leads to it.
    var isUsual = false
  }

  /// The keys under which programs keep a state dict, as seen in real checkpoints.
  static let usualKeys: Set<String> = [
    "state_dict", "model_state_dict", "model", "net", "network", "module", "params", "params_ema", "ema", "model_ema",
    "ema_state_dict", "state_dict_ema", "generator", "weights", "model_state", "modelState", "net_state_dict",
    "student", "teacher",
  ]

  /// Deeper values are not looked through.
  private static let depthLimit = 64

  /// How many candidates get their keys: more are never listed.
  static let namedCount = 20

  private let values: TorchValues
  private var seen = Set<Pickle.ID>()
  private var paths: PathTree
  /// How many values may still be passed in search of a module's first tensor.
  private var moduleSteps: Int

  /// The state dicts of a file, each once, at the first key that leads to it.
  static func candidates(in values: TorchValues) -> [Candidate] {
    var search = StateDictSearch(values: values)
    var found = search.candidates(at: values.pickle.root, path: .top, isUsual: false, depth: 0)
    for place in found.indices.prefix(namedCount) { found[place].key = search.paths.text(of: found[place].path) ?? "" }
    return found
  }

  private init(values: TorchValues) {
    self.values = values
    paths = PathTree(values.pickle)
    moduleSteps = 4 * values.pickle.nodes.count
  }

  private mutating func candidates(
    at id: Pickle.ID, path: PathTree.Path, isUsual: Bool, depth: Int
  ) -> [Candidate] {
    guard depth < Self.depthLimit, seen.insert(id).inserted else { return [] }
    if let module = values.moduleRoot(at: id) {
      return values.holdsTensors(module, steps: &moduleSteps) ? [Candidate(id: module, path: path, isWhole: true)] : []
    }
    if let entries = values.mapping(at: id) {
      return candidates(in: entries, of: id, path: path, isUsual: isUsual, depth: depth)
    }
    var found: [Candidate] = []
    if let items = values.pickle.sequence(at: id) {
      for (index, item) in zip(0..., items) where values.isContainer(item) && !seen.contains(item) {
        found += candidates(at: item, path: paths.path(.index(index), below: path), isUsual: false, depth: depth + 1)
      }
    } else if let state = values.pickle.object(at: id)?.state, let entries = values.mapping(at: state) {
      // An object that is not a module: its attributes may be state dicts, it is none itself.
      for entry in entries { found += candidates(of: entry, path: path, depth: depth) }
    }
    return found
  }

  private mutating func candidates(
    of entry: TorchValues.Entry, path: PathTree.Path, depth: Int
  ) -> [Candidate] {
    guard values.isContainer(entry.value), !seen.contains(entry.value), !values.isTrainingState(entry) else {
      return []
    }
    let isUsual = Self.usualKeys.contains { values.pickle.isText(entry.key, $0) }
    var found = candidates(
      at: entry.value, path: paths.path(.key(entry.key), below: path), isUsual: isUsual, depth: depth + 1)
    if isUsual { for place in found.indices { found[place].isUsual = true } }
    return found
  }

  private mutating func candidates(
    in entries: [TorchValues.Entry], of id: Pickle.ID, path: PathTree.Path, isUsual: Bool, depth: Int
  ) -> [Candidate] {
    let content = Content(of: entries, in: values)
    var candidate = Candidate(id: id, path: path)
    candidate.isFlat = content.containerCount == 0
    let hasMark = values.moduleMetadata(at: id) != nil
    candidate.isWhole = hasMark || content.hasDottedNames
    let isStateDict =
      content.tensorCount > 0 && (hasMark || (content.hasWeight && content.tensorCount >= content.plainCount))
    var found: [Candidate] = []
    if content.containerCount > 0 {
      for entry in entries { found += candidates(of: entry, path: path, depth: depth) }
    }
    // Tensors beside a state dict under its usual key (a mean, class weights) do not make their mapping one.
    if isStateDict { return found.contains(where: \.isUsual) ? found : [candidate] }
    guard found.count > 1, !found.contains(where: \.isUsual) else { return found }
    // What is neither named nor made as state dicts are is nested modules; under a usual key, anything is.
    return isUsual || !found.contains(where: \.isWhole) ? [candidate] : found
  }

  /// What the values of a mapping are.
  private struct Content {
    /// Tensors and numpy arrays under string keys.
    var tensorCount = 0
    /// Whether one of them is neither a scalar nor, as the state of a random generator is, a row of bytes.
    var hasWeight = false
    /// Whether one of them has a name of several parts.
    var hasDottedNames = false
    /// Values that hold others.
    var containerCount = 0
    /// Numbers, strings and other values.
    var plainCount = 0

    init(of entries: [TorchValues.Entry], in values: TorchValues) {
      for entry in entries {
        if values.isTensor(at: entry.value) || values.isArray(entry.value) {
          guard let name = values.pickle.text(at: entry.key) else { continue }
          tensorCount += 1
          if !hasWeight { hasWeight = values.isWeight(entry.value) }
          if !hasDottedNames { hasDottedNames = name.utf8.contains(UInt8(ascii: ".")) }
        } else if values.isContainer(entry.value) {
          containerCount += 1
        } else {
          plainCount += 1
        }
      }
    }
  }
}

extension TorchValues {
  /// The value whose state dict is a module's: a module, or the attributes of one of torch.fx, which is a call with
  /// them.
  fileprivate func moduleRoot(at id: Pickle.ID) -> Pickle.ID? {
    if isModule(at: id) { return id }
    guard let object = pickle.object(at: id), globalName(at: object.callable)?.hasSuffix("_graph_module") == true,
      let attributes = arguments(object).first, isModule(at: attributes)
    else { return nil }
    return attributes
  }

  /// Whether a module's state dict has a tensor; assumed where many modules share parts that have none.
  ///
  /// - Parameter steps: How many values may still be passed, over all modules.
  fileprivate func holdsTensors(_ id: Pickle.ID, steps: inout Int) -> Bool {
    var open = [id]
    var seen = Set<Pickle.ID>()
    while let next = open.popLast() {
      steps -= 1
      guard steps > 0 else { return true }
      guard seen.insert(next).inserted else { continue }
      if isTensor(at: next) { return true }
      guard let module = module(at: next, where: { seen.insert($0).inserted }) else { continue }
      steps -= module.submodules.count
      open += (module.submodules + module.buffers + module.parameters).map(\.value)
    }
    return false
  }

  /// Whether a value may contain tensors but is not a tensor.
  fileprivate func isContainer(_ id: Pickle.ID) -> Bool {
    switch pickle[id] {
    case .dict, .list, .tuple: true
    case .object: !isTensor(at: id) && !isArray(id) && !isNumpyScalar(id)
    default: false
    }
  }

  /// Whether a tensor or array is neither a scalar nor a row of bytes; one that is broken counts, so that it is
  /// reported.
  fileprivate func isWeight(_ id: Pickle.ID) -> Bool {
    guard let found = try? tensor(at: id) ?? array(at: id) else { return isTensor(at: id) }
    return !found.shape.isEmpty && !(found.shape.count == 1 && found.elementType == .uint8)
  }
}
