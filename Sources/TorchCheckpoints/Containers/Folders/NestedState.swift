import StateDicts

/// The nested state that a flat list of items was made from, by the path of each.
///
///     model.fc.weight   ("model", "fc.weight")          {"model": {"fc.weight": tensor},
///     optim.groups.0    ("optim", "groups", 0)           "optim": {"groups": [value]}}
///
/// Source: `set_element` in `torch/distributed/checkpoint/_traverse.py`.
struct NestedState {
  enum Step: Hashable {
    case key(ExactName)
    case place(Int)
  }

  private struct Node {
    var steps: [Step] = []
    var children: [Step: Int] = [:]
    var leaf: PythonValue?
  }

  private var nodes = [Node()]

  /// Adds a value at a path; where the path leads through another value, at the top under its name.
  mutating func insert(_ leaf: PythonValue, at path: [Step], of name: String) {
    if !insert(leaf, at: path) { _ = insert(leaf, at: [.key(ExactName(name))]) }
  }

  private mutating func insert(_ leaf: PythonValue, at path: [Step]) -> Bool {
    var node = 0
    for step in path {
      guard nodes[node].leaf == nil else { return false }
      if let child = nodes[node].children[step] {
        node = child
        continue
      }
      nodes[node].steps.append(step)
      nodes[node].children[step] = nodes.count
      node = nodes.count
      nodes.append(Node())
    }
    guard nodes[node].leaf == nil, nodes[node].steps.isEmpty, node > 0 else { return false }
    nodes[node].leaf = leaf
    return true
  }

  /// The state as a value; paths are short enough for recursion.
  private func value(_ number: Int = 0) -> PythonValue {
    let node = nodes[number]
    if let leaf = node.leaf { return leaf }
    if let items = items(node) { return .list(items) }
    return .dict(
      node.steps.map { step in
        let child = node.children[step].map { value($0) } ?? .none
        switch step {
        case .key(let name): return PythonValue.Entry(.text(name.text), child)
        case .place(let place): return PythonValue.Entry(.integer(place), child)
        }
      })
  }

  /// The items of a list, none where one is missing; nil if the node is a mapping.
  private func items(_ node: Node) -> [PythonValue]? {
    let places = node.steps.compactMap { step in if case .place(let place) = step { place } else { nil } }
    // More holes than items would let a small file ask for any amount of memory.
    guard places.count == node.steps.count, let last = places.max(), last <= 2 * places.count + 64 else { return nil }
    var items = [PythonValue](repeating: .none, count: last + 1)
    for place in places { if let child = node.children[.place(place)] { items[place] = value(child) } }
    return items
  }

  /// The state as torch's values, as if a file of it had been read.
  ///
  /// - Parameter tensors: The tensors that leaves name.
  /// - Throws: What reading a pickle throws: `limitExceeded`.
  func values(tensors: [ExactName: Tensor], _ options: CheckpointOptions) throws(CheckpointError) -> TorchValues {
    let store = ByteStore(copying: value().pickledByReference)
    let pickle = try PickleMachine.run(store, 0..<store.count, limits: options.limits)
    return try TorchValues(TorchPickle(pickle, options: options), records: NamedRecords(tensors: tensors))
  }
}

/// Tensors that a pickle refers to by name.
private struct NamedRecords: StorageRecords {
  let tensors: [ExactName: Tensor]

  func storage(key: String, byteCount: Int, location: String) throws(CheckpointError) -> Storage {
    throw CheckpointError(.missingRecord, "The storage \(key) of \(byteCount) bytes is missing.")
  }

  func tensor(key: String) -> Tensor? { tensors[ExactName(key)] }
}
