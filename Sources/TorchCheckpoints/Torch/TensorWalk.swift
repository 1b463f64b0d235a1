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
    /// The path of the value that holds this one, and the step from there.
    let parent: PathTree.Path
    let step: PathTree.Step
    let depth: Int
    /// The value is the state of an object, whose module dicts leave no mark in the path.
    var isState = false
    var role: NamedTensor.Role?
  }

  /// Values that are still to be visited, one after another: so that a list of millions takes no more steps in memory
  /// than one of three.
  private struct Frame {
    enum Values {
      case items(ArraySlice<Pickle.ID>)
      case entries([TorchValues.Entry])
      /// The parts of an object, which are listed under its own path.
      case parts([Pickle.ID])
    }

    let values: Values
    let parent: PathTree.Path
    /// Of parts, the step that leads to their object.
    var step = PathTree.Step.none
    let depth: Int
    var isState = false
    var role: NamedTensor.Role?
    var next = 0

    /// The next value with the step to it; nil at the end.
    mutating func advance() -> (id: Pickle.ID, step: PathTree.Step)? {
      defer { next += 1 }
      switch values {
      case .items(let items): return next < items.count ? (items[items.startIndex + next], .index(next)) : nil
      case .entries(let entries): return next < entries.count ? (entries[next].value, .key(entries[next].key)) : nil
      case .parts(let parts): return next < parts.count ? (parts[next], step) : nil
      }
    }
  }

  private let values: TorchValues
  private let scope: Scope
  private let limits: CheckpointLimits
  private var paths: PathTree
  private var names: NameBudget
  private var seen = Set<Pickle.ID>()
  private var frames: [Frame] = []
  private var found: [NamedTensor] = []
  private var leftOut: [LeftOut] = []
  /// Whether all scopes come to the same: no module, no attribute of a tensor, no numpy scalar was met.
  private var isPlain = true

  private init(_ values: TorchValues, _ scope: Scope, _ limits: CheckpointLimits) {
    self.values = values
    self.scope = scope
    self.limits = limits
    paths = PathTree(values.pickle)
    names = NameBudget(limits)
  }

  /// All tensors under `root`.
  ///
  /// - Throws: `malformedTensor`, named; `limitExceeded` for values nested too deep.
  static func tensors(
    under root: Pickle.ID, of values: TorchValues, _ scope: Scope, limits: CheckpointLimits
  ) throws(CheckpointError) -> (found: [NamedTensor], leftOut: [LeftOut], isPlain: Bool) {
    var walk = TensorWalk(values, scope, limits)
    walk.frames.append(Frame(values: .parts([root]), parent: .top, depth: 0))
    var count = 0
    defer { Work.add(count) }
    while let step = walk.nextStep() {
      count += 1
      try walk.visit(step)
    }
    Work.add(walk.paths.joinedByteCount)
    if scope == .everything { try walk.names.close() }
    return (walk.found, walk.leftOut, walk.isPlain)
  }

  private mutating func nextStep() -> Step? {
    while !frames.isEmpty {
      let last = frames.count - 1
      guard let (id, step) = frames[last].advance() else {
        frames.removeLast()
        continue
      }
      guard mayHoldTensors(id) else { continue }
      let frame = frames[last]
      if case .key(let key) = step, frame.isState, Self.moduleDicts.contains(where: { values.pickle.isText(key, $0) }) {
        return Step(id: id, parent: frame.parent, step: .none, depth: frame.depth, role: frame.role)
      }
      var isParts = false
      if case .parts = frame.values { isParts = true }
      return Step(
        id: id, parent: frame.parent, step: step, depth: frame.depth, isState: isParts && frame.isState,
        role: frame.role)
    }
    return nil
  }

  private mutating func visit(_ step: Step) throws(CheckpointError) {
    let pickle = values.pickle
    guard step.depth <= limits.nestingDepth else {
      let path = paths.text(of: step.step, below: step.parent) ?? "the top"
      throw CheckpointError.overLimit(
        "Values are nested more than \(limits.nestingDepth) deep, at \(path.prefix(80))….")
    }
    if let tensor = try tensor(step) {
      let name = try name(of: step, rank: tensor.shape.count)
      found.append(
        NamedTensor(
          name: name, tensor: tensor, role: step.role, isNumpyScalar: values.isNumpyScalar(step.id), node: step.id))
      if scope == .everything, let state = values.tensorState(at: step.id) {
        isPlain = false
        push([state], step)
      }
      return
    }
    guard seen.insert(step.id).inserted else { return }
    if let reason = values.reasonWithoutType(at: step.id) {
      try leftOut.append(LeftOut(name(of: step) ?? "tensor", reason: reason))
      return
    }
    if let file = values.file(at: step.id) {
      isPlain = false
      try add(contents(of: file), step)
    } else if let module = values.module(at: step.id, where: { seen.insert($0).inserted }) {
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
    return values.isTrainingState(entry)
  }

  /// The name of a tensor; nil at the top.
  ///
  /// - Throws: `limitExceeded`.
  private mutating func name(of step: Step, rank: Int = 0) throws(CheckpointError) -> String? {
    let estimate = paths.byteCount(of: step.step, below: step.parent)
    try names.add(estimate, rank: rank)
    let name = paths.text(of: step.step, below: step.parent)
    if let name, name.utf8.count > estimate { try names.addBytes(name.utf8.count - estimate) }
    return name
  }

  /// Adds the tensors of a file that lies in the pickle, under the path of the value that holds it.
  private mutating func add(
    _ inner: (found: [NamedTensor], leftOut: [LeftOut]), _ step: Step
  ) throws(CheckpointError) {
    let path = paths.text(of: step.step, below: step.parent)
    let count = path?.utf8.count ?? 0
    for tensor in inner.found {
      try names.add(count + tensor.name.utf8.count + 1, rank: tensor.tensor.shape.count)
      found.append(tensor.under(path))
    }
    for row in inner.leftOut {
      try names.add(count + row.name.utf8.count + 1)
      leftOut.append(row.under(path))
    }
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
      if let path = paths.text(of: step.step, below: step.parent) { error.message = "\(path): \(error.message)" }
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
      frames.append(Frame(values: .parts([value]), parent: step.parent, step: step.step, depth: step.depth + 1))
      return
    }
    if object.entries >= 0, let entries = values.mapping(at: step.id) { push(entries, step) }
    if object.items >= 0 { pushIndexed(values.pickle.sequences[object.items][...], step) }
    var parts = [object.arguments]
    if let keywords = object.keywords { parts.append(keywords) }
    if let state = object.state { parts.append(state) }
    push(parts, step)
  }

  // MARK: - Frames, of which the last is gone through first

  private mutating func push(_ parts: [Pickle.ID], _ step: Step) {
    frames.append(
      Frame(values: .parts(parts), parent: step.parent, step: step.step, depth: step.depth + 1, isState: true))
  }

  private mutating func push(_ entries: [TorchValues.Entry], _ step: Step, role: NamedTensor.Role? = nil) {
    if entries.count > found.capacity { found.reserveCapacity(min(entries.count, limits.tensorCount)) }
    let here = paths.path(step.step, below: step.parent)
    frames.append(
      Frame(values: .entries(entries), parent: here, depth: step.depth + 1, isState: step.isState, role: role))
  }

  private static let moduleDicts = ["_parameters", "_buffers", "_modules"]

  private mutating func pushIndexed(_ items: ArraySlice<Pickle.ID>, _ step: Step) {
    let here = paths.path(step.step, below: step.parent)
    frames.append(Frame(values: .items(items), parent: here, depth: step.depth + 1))
  }
}
