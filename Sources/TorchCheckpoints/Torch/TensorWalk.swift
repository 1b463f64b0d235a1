import StateDicts

/// The walk from a value to the tensors under it, in the order of the file.
///
/// A container that is reached twice is entered once, so that a value doubled sixty times costs sixty steps; a tensor
/// that is reached twice is given under both names.
struct TensorWalk {
  enum Scope {
    /// All reachable tensors.
    case everything
    /// What `state_dict()` gives: a module's parameters, persistent buffers and submodules, no attributes.
    case stateDict
    /// As `stateDict`, without what training keeps in other mappings: optimizer, scheduler and so on.
    case chosenStateDict
  }

  private struct Step {
    let id: Pickle.ID
    /// Nil at the top.
    let path: String?
    let depth: Int
    /// The value is the state of an object, whose module dicts leave no mark in the path.
    var isState = false
    var role: NamedTensor.Role?
  }

  private let values: TorchValues
  private let scope: Scope
  private let limits: CheckpointLimits
  private var seen = Set<Pickle.ID>()
  private var steps: [Step] = []
  private var found: [NamedTensor] = []
  private var leftOut: [LeftOut] = []
  /// Whether all scopes come to the same: no module, no attribute of a tensor, no numpy scalar was met.
  private var isPlain = true

  private init(_ values: TorchValues, _ scope: Scope, _ limits: CheckpointLimits) {
    self.values = values
    self.scope = scope
    self.limits = limits
  }

  /// All tensors under `root`.
  ///
  /// - Throws: `malformedTensor`, named; `limitExceeded` for values nested too deep.
  static func tensors(
    under root: Pickle.ID, of values: TorchValues, _ scope: Scope, limits: CheckpointLimits
  ) throws(CheckpointError) -> (found: [NamedTensor], leftOut: [LeftOut], isPlain: Bool) {
    var walk = TensorWalk(values, scope, limits)
    walk.steps.append(Step(id: root, path: nil, depth: 0))
    var count = 0
    defer { Work.add(count) }
    while let step = walk.steps.popLast() {
      count += 1
      try walk.visit(step)
    }
    return (walk.found, walk.leftOut, walk.isPlain)
  }

  private mutating func visit(_ step: Step) throws(CheckpointError) {
    guard mayHoldTensors(step.id) else { return }
    let pickle = values.pickle
    guard step.depth <= limits.nestingDepth else {
      throw CheckpointError.overLimit(
        "Values are nested more than \(limits.nestingDepth) deep, at \((step.path ?? "the top").prefix(80))….")
    }
    if let tensor = try tensor(step) {
      found.append(
        NamedTensor(
          name: step.path, tensor: tensor, role: step.role, isNumpyScalar: values.isNumpyScalar(step.id),
          node: step.id))
      if scope == .everything, let state = values.tensorState(at: step.id) {
        isPlain = false
        push([state], step)
      }
      return
    }
    guard seen.insert(step.id).inserted else { return }
    if let reason = values.reasonWithoutType(at: step.id) {
      leftOut.append(LeftOut(step.path ?? "tensor", reason: reason))
      return
    }
    if let file = values.file(at: step.id) {
      isPlain = false
      let inner = try contents(of: file)
      found += inner.found.map { $0.under(step.path) }
      leftOut += inner.leftOut.map { $0.under(step.path) }
    } else if let module = values.module(at: step.id) {
      isPlain = false
      visit(module, step)
    } else if let items = values.items(ofTuple: step.id) {
      pushIndexed(items, step)
    } else if let object = pickle.object(at: step.id), values.meaning(at: object.callable) != .orderedDict {
      visit(object, step)
    } else if let entries = values.mapping(at: step.id) {
      push(scope == .chosenStateDict ? entries.filter { !isTrainingState($0) } : entries, step)
    } else if let items = pickle.sequence(at: step.id) {
      pushIndexed(items, step)
    }
  }

  private func isTrainingState(_ entry: TorchValues.Entry) -> Bool {
    guard !values.isTensor(at: entry.value), !values.isArray(entry.value) else { return false }
    return values.isTrainingState(values.pickle.keyText(entry.key), entry.value)
  }

  private mutating func tensor(_ step: Step) throws(CheckpointError) -> Tensor? {
    do throws(CheckpointError) {
      if let tensor = try values.tensor(at: step.id) { return tensor }
      if values.isNumpyScalar(step.id) {
        isPlain = false
        guard scope == .everything else { return nil }
      }
      return try values.array(at: step.id)
    } catch var error {
      if let path = step.path { error.message = "\(path): \(error.message)" }
      throw error
    }
  }

  private func mayHoldTensors(_ id: Pickle.ID) -> Bool {
    switch values.pickle[id] {
    case .dict, .list, .tuple, .set, .frozenset, .object, .persistent: true
    case .bytes, .bytearray, .byteText: values.file(at: id) != nil
    default: false
    }
  }

  /// The tensors of a file that lies in the pickle.
  private func contents(of file: CheckpointContents) throws(CheckpointError) -> (
    found: [NamedTensor], leftOut: [LeftOut]
  ) {
    guard scope != .everything, case .pickled(let inner) = file.values else { return (file.tensors, file.leftOut) }
    let (found, leftOut, _) = try Self.tensors(under: inner.pickle.root, of: inner, scope, limits: limits)
    return (found, leftOut)
  }

  /// What `state_dict()` gives, in its order: own parameters, own buffers, then the submodules.
  ///
  /// Beside it stand, where everything is wanted, buffers that it leaves out, and plain attributes.
  private mutating func visit(_ module: TorchValues.Module, _ step: Step) {
    // Last first, since the steps are a stack.
    if scope == .everything { push(module.attributes, step) }
    push(module.submodules, step)
    for entry in module.buffers.reversed() {
      let isPersistent = !module.nonPersistentBuffers.contains(values.pickle.keyText(entry.key))
      guard isPersistent || scope == .everything else { continue }
      push([entry], step, role: isPersistent ? .buffer : .nonPersistentBuffer)
    }
    push(module.parameters, step, role: .parameter)
  }

  /// All that an inert object holds: the arguments it was made with, its state, its items.
  private mutating func visit(_ object: Pickle.Object, _ step: Step) {
    if values.meaning(at: object.callable) == .scriptValue, let value = values.arguments(object).first {
      steps.append(Step(id: value, path: step.path, depth: step.depth + 1))
      return
    }
    if object.entries >= 0, let entries = values.mapping(at: step.id) { push(entries, step) }
    if object.items >= 0 { pushIndexed(values.pickle.sequences[object.items][...], step) }
    var parts = [object.arguments]
    if let keywords = object.keywords { parts.append(keywords) }
    if let state = object.state { parts.append(state) }
    push(parts, step)
  }

  // MARK: - Steps, last first, so that the first is taken first

  private mutating func push(_ parts: [Pickle.ID], _ step: Step) {
    for part in parts.reversed() {
      steps.append(Step(id: part, path: step.path, depth: step.depth + 1, isState: true))
    }
  }

  private mutating func push(_ entries: [TorchValues.Entry], _ step: Step, role: NamedTensor.Role? = nil) {
    let prefix = step.path.map { $0 + "." } ?? ""
    if entries.count > found.capacity { found.reserveCapacity(entries.count) }
    for entry in entries.reversed() where mayHoldTensors(entry.value) {
      let key = values.pickle.keyText(entry.key)
      let isModuleDict = step.isState && (key == "_parameters" || key == "_buffers" || key == "_modules")
      steps.append(
        Step(id: entry.value, path: isModuleDict ? step.path : prefix + key, depth: step.depth + 1, role: role))
    }
  }

  private mutating func pushIndexed(_ items: ArraySlice<Pickle.ID>, _ step: Step) {
    let prefix = step.path.map { $0 + "." } ?? ""
    for (index, item) in zip(0..., items).reversed() where mayHoldTensors(item) {
      steps.append(Step(id: item, path: prefix + String(index), depth: step.depth + 1))
    }
  }
}
