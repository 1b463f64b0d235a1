import StateDicts

extension TorchValues {
  /// A key and its value in a mapping.
  typealias Entry = (key: Pickle.ID, value: Pickle.ID)

  /// The entries of a dict, an `OrderedDict`, or any object that was filled by keys; nil for anything else. Where a key
  /// comes twice, its last value stands at its first place, as in Python.
  func mapping(at id: Pickle.ID) -> [Entry]? {
    switch pickle[id] {
    case .dict: return entries(pickle.flatEntries(at: id) ?? [])
    case .object(let index):
      let object = pickle.objects[index]
      let flat = pickle.flatEntries(at: id)
      guard meaning(at: object.callable) == .orderedDict else { return flat.map(entries) }
      return entries(constructed(object) + (flat ?? []))
    default: return nil
    }
  }

  /// Python 2 pickles an `OrderedDict` as a call with a list of pairs.
  private func constructed(_ object: Pickle.Object) -> [Pickle.ID] {
    guard let first = arguments(object).first else { return [] }
    if let flat = pickle.flatEntries(at: first) { return flat }
    return (pickle.sequence(at: first) ?? []).flatMap { pair -> [Pickle.ID] in
      guard let parts = pickle.sequence(at: pair), parts.count == 2 else { return [] }
      return Array(parts)
    }
  }

  private func entries(_ flat: [Pickle.ID]) -> [Entry] {
    var result: [Entry] = []
    result.reserveCapacity(flat.count / 2)
    var places = [Key: Int](minimumCapacity: flat.count / 2)
    for place in stride(from: 0, to: flat.count - 1, by: 2) {
      if let earlier = places.updateValue(result.count, forKey: Key(pickle, flat[place])) {
        places[Key(pickle, flat[place])] = earlier
        result[earlier].value = flat[place + 1]
      } else {
        result.append((flat[place], flat[place + 1]))
      }
    }
    return result
  }

  /// What makes two keys equal in Python: `1`, `True` and `1.0` are one key, `"1"` is another.
  private enum Key: Hashable {
    case text(String)
    case number(Double)
    case bytes([UInt8])
    case other(Pickle.ID)
    indirect case tuple([Key])

    init(_ pickle: Pickle, _ id: Pickle.ID, depth: Int = 0) {
      switch pickle[id] {
      case .text(let slice), .byteText(let slice): self = .text(pickle.text(slice))
      case .integer(let value):
        let number = Double(value)
        self = Int(exactly: number) == value ? .number(number) : .text("\0\(value)")
      case .bool(let value): self = .number(value ? 1 : 0)
      case .float(let value): self = .number(value)
      case .bytes(let slice): self = .bytes(pickle.bytes(slice))
      case .tuple(let start, let count) where count <= 16 && depth < 4:
        self = .tuple(pickle.items[start..<start + Int(count)].map { Key(pickle, $0, depth: depth + 1) })
      default: self = .other(id)
      }
    }
  }

  /// The value of a text key.
  func value(_ name: String, in id: Pickle.ID) -> Pickle.ID? {
    mapping(at: id)?.last { pickle.text(at: $0.key) == name }?.value
  }

  /// A pickled `nn.Module`: its state holds the dicts of its parameters, buffers and submodules.
  struct Module {
    let parameters: Pickle.ID
    let buffers: Pickle.ID?
    let submodules: Pickle.ID?
    let nonPersistentBuffers: Set<String>
  }

  /// The module that an object was, known by its state.
  func module(at id: Pickle.ID) -> Module? {
    guard let object = pickle.object(at: id), let state = object.state, case .dict = pickle[state],
      let parameters = value("_parameters", in: state)
    else { return nil }
    let names = value("_non_persistent_buffers_set", in: state).map(members) ?? []
    return Module(
      parameters: parameters, buffers: value("_buffers", in: state), submodules: value("_modules", in: state),
      nonPersistentBuffers: Set(names.compactMap { pickle.text(at: $0) }))
  }

  /// The members of a set, which protocols before 4 pickle as a call with a list.
  private func members(of id: Pickle.ID) -> [Pickle.ID] {
    if let object = pickle.object(at: id), let first = arguments(object).first {
      return Array(pickle.sequence(at: first) ?? [])
    }
    return Array(pickle.sequence(at: id) ?? [])
  }

  /// The `_metadata` that torch hangs on a state dict: module paths with their versions.
  func moduleMetadata(at id: Pickle.ID) -> Pickle.ID? {
    guard let object = pickle.object(at: id), let state = object.state else { return nil }
    return value("_metadata", in: state)
  }
}
