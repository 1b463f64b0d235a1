import StateDicts

extension TorchValues {
  /// A key and its value in a mapping.
  typealias Entry = (key: Pickle.ID, value: Pickle.ID)

  /// The entries of a dict, an `OrderedDict`, or any object that was filled by keys; nil for anything else.
  ///
  /// For a duplicate key, the last value is at the first position, as in Python.
  func mapping(at id: Pickle.ID) -> [Entry]? {
    flatMapping(at: id).map(entries)
  }

  /// Keys and values in turn, including duplicate keys.
  private func flatMapping(at id: Pickle.ID) -> [Pickle.ID]? {
    switch pickle[id] {
    case .dict: return pickle.flatEntries(at: id)
    case .object(let index):
      let object = pickle.objects[index]
      guard meaning(at: object.callable) == .orderedDict else { return pickle.flatEntries(at: id) }
      return constructed(object) + (pickle.flatEntries(at: id) ?? [])
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
    guard flat.count > 2, mayRepeatKeys(flat) else {
      for place in stride(from: 0, to: flat.count - 1, by: 2) { result.append((flat[place], flat[place + 1])) }
      return result
    }
    var places = [Key: Int](minimumCapacity: flat.count / 2)
    // A key that is the same node again is the same key, however long it takes to compare.
    var placeOfID: [Pickle.ID: Int] = [:]
    for place in stride(from: 0, to: flat.count - 1, by: 2) {
      let id = flat[place]
      if let earlier = placeOfID[id] {
        result[earlier].value = flat[place + 1]
        continue
      }
      let key = Key(pickle, id)
      if let earlier = places[key] {
        placeOfID[id] = earlier
        result[earlier].value = flat[place + 1]
      } else {
        places[key] = result.count
        placeOfID[id] = result.count
        result.append((id, flat[place + 1]))
      }
    }
    return result
  }

  /// False if all keys are strings with different hashes, as in nearly every file; then nothing needs to be compared.
  private func mayRepeatKeys(_ flat: [Pickle.ID]) -> Bool {
    let slotCount = (flat.count + 2).nextPowerOfTwo
    var slots = [UInt64](repeating: 0, count: slotCount)
    for place in stride(from: 0, to: flat.count - 1, by: 2) {
      guard case .text(let slice) = pickle[flat[place]] else { return true }
      let hash = pickle.hash(slice) | 1
      var slot = Int(truncatingIfNeeded: (hash ^ hash >> 32)) & (slotCount - 1)
      // A file whose hashes were made to meet goes the slower way, whose hashes cannot be foreseen.
      var steps = 0
      while slots[slot] != 0 {
        steps += 1
        if slots[slot] == hash || steps > 64 { return true }
        slot = (slot + 1) & (slotCount - 1)
      }
      slots[slot] = hash
    }
    return false
  }

  /// What makes two keys equal in Python: `1`, `True` and `1.0` are one key, `"1"` is another.
  private enum Key: Hashable {
    case text(ExactName)
    case halfPairs([UInt8])
    case number(Double)
    case bytes([UInt8])
    case other(Pickle.ID)
    indirect case tuple([Key])

    init(_ pickle: Pickle, _ id: Pickle.ID, depth: Int = 0) {
      switch pickle[id] {
      case .text(let slice):
        self = pickle.hasHalfPairs ? .halfPairs(pickle.bytes(slice)) : .text(ExactName(pickle.text(slice)))
      case .byteText(let slice): self = .text(ExactName(pickle.byteText(slice)))
      case .integer(let value):
        let number = Double(value)
        self = Int(exactly: number) == value ? .number(number) : .text(ExactName("\0\(value)"))
      case .bool(let value): self = .number(value ? 1 : 0)
      case .float(let value): self = .number(value)
      case .bytes(let slice) where slice.count <= 1024: self = .bytes(pickle.bytes(slice))
      case .tuple(let start, let count) where count <= 16 && depth < 4:
        self = .tuple(pickle.items[start..<start + Int(count)].map { Key(pickle, $0, depth: depth + 1) })
      default: self = .other(id)
      }
    }
  }

  /// The value of a string key.
  func value(_ name: String, in id: Pickle.ID) -> Pickle.ID? {
    guard let flat = flatMapping(at: id) else { return nil }
    // The last of several values is the one that counts.
    for place in stride(from: flat.count / 2 * 2 - 2, through: 0, by: -2) where pickle.isText(flat[place], name) {
      return flat[place + 1]
    }
    return nil
  }

  /// The attribute of an object, by its state: a dict, or the pair of dicts that classes with `__slots__` have.
  func attribute(_ name: String, of id: Pickle.ID) -> Pickle.ID? {
    guard let state = pickle.object(at: id)?.state else { return nil }
    if case .tuple = pickle[state] {
      return (pickle.sequence(at: state) ?? []).lazy.compactMap { self.value(name, in: $0) }.first
    }
    return value(name, in: state)
  }

  /// The attributes of an object; nil if it has none.
  func attributes(of id: Pickle.ID) -> [Entry]? {
    guard let state = pickle.object(at: id)?.state else { return nil }
    guard case .tuple = pickle[state] else { return mapping(at: state) }
    return (pickle.sequence(at: state) ?? []).flatMap { mapping(at: $0) ?? [] }
  }

  /// A pickled `nn.Module`: what `state_dict()` makes of its state.
  struct Module {
    let parameters: [Entry]
    let buffers: [Entry]
    let submodules: [Entry]
    let nonPersistentBuffers: Set<String>
    /// What else the state holds: plain attributes.
    let attributes: [Entry]
  }

  /// The state of an object, if it is a dict, or a dict itself.
  ///
  /// That is how torch.fx hands it to the function that makes the module. A module has a few dozen attributes, so
  /// larger dicts are not looked through.
  private func moduleState(of id: Pickle.ID) -> Pickle.ID? {
    if let object = pickle.object(at: id) {
      guard let state = object.state, case .dict(let index) = pickle[state] else { return nil }
      // Only TorchScript keeps parameters and submodules among the attributes.
      guard index < 0 || !scriptClasses.isEmpty || pickle.sequences[index].count <= 2048 else { return nil }
      return state
    }
    guard case .dict(let index) = pickle[id], index >= 0, (6...256).contains(pickle.sequences[index].count),
      value("_modules", in: id) != nil, value("_buffers", in: id) != nil
    else { return nil }
    return id
  }

  /// Whether a value is a module, without looking at what it holds.
  func isModule(at id: Pickle.ID) -> Bool {
    guard let state = moduleState(of: id) else { return false }
    if !scriptClasses.isEmpty, let object = pickle.object(at: id), let name = globalName(at: object.callable),
      scriptClasses[name] != nil
    {
      return true
    }
    return value("_parameters", in: state) != nil
  }

  /// The module that an object was, known by the dicts in its state, or by its class in TorchScript.
  ///
  /// - Parameter isNew: Returns whether a dict of it is met for the first time; others are taken as empty, since any
  ///   number of modules may have the same large one.
  func module(at id: Pickle.ID, where isNew: (Pickle.ID) -> Bool = { _ in true }) -> Module? {
    guard let state = moduleState(of: id) else { return nil }
    if !scriptClasses.isEmpty, let object = pickle.object(at: id), let name = globalName(at: object.callable),
      let declared = scriptClasses[name]
    {
      return scriptModule(declared, state)
    }
    guard let parameters = value("_parameters", in: state) else { return nil }
    let names = value("_non_persistent_buffers_set", in: state).map(members) ?? []
    func entries(_ id: Pickle.ID) -> [Entry] { isNew(id) ? mapping(at: id) ?? [] : [] }
    func part(_ name: String) -> [Entry] { value(name, in: state).map(entries) ?? [] }
    return Module(
      parameters: entries(parameters), buffers: part("_buffers"), submodules: part("_modules"),
      nonPersistentBuffers: Set(names.compactMap { pickle.text(at: $0) }),
      attributes: (mapping(at: state) ?? []).filter { entry in
        !["_parameters", "_buffers", "_modules"].contains(pickle.text(at: entry.key))
      })
  }

  /// TorchScript keeps parameters, buffers, submodules and attributes side by side.
  private func scriptModule(_ declared: ScriptClass, _ state: Pickle.ID) -> Module {
    let entries = mapping(at: state) ?? []
    let parameters = Set(declared.parameters)
    let buffers = Set(declared.buffers)
    func name(_ entry: Entry) -> String { pickle.keyText(entry.key) }
    let rest = entries.filter { !parameters.contains(name($0)) && !buffers.contains(name($0)) }
    func isModule(_ entry: Entry) -> Bool {
      pickle.object(at: entry.value).flatMap { globalName(at: $0.callable) }.map { scriptClasses[$0] != nil } ?? false
    }
    return Module(
      parameters: entries.filter { parameters.contains(name($0)) },
      buffers: entries.filter { buffers.contains(name($0)) },
      submodules: rest.filter(isModule), nonPersistentBuffers: [], attributes: rest.filter { !isModule($0) })
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

extension Int {
  /// The least power of two that is no smaller.
  fileprivate var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
