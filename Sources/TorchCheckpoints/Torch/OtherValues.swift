import StateDicts

/// What a checkpoint holds beside the tensors of its state dict, and where the state dict stands among it.
///
///     {"epoch": 7, "model": {"fc.weight": T}}       {"epoch": 7}, the state dict at model, after one value
///     {"layer1": {"weight": T}, "epoch": 7}         {"layer1": {"weight": tensor layer1.weight}, "epoch": 7}
///
/// A state dict that is one mapping from names to tensors is not repeated; of any other each tensor is named at its place.
struct OtherValues {
  private let values: TorchValues
  private let root: Pickle.ID
  private let tensors: [NamedTensor]
  /// The names of the tensors, and below the same in order of their bytes.
  ///
  /// A state dict that is one mapping needs neither.
  private lazy var names = Set(tensors.lazy.map { ExactName($0.key) })
  private lazy var sortedNames = tensors.map(\.key).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  /// The first names of tensors that the file shares.
  private var nameOfID: [Pickle.ID: String] = [:]
  /// The containers that hold the present value.
  private var open = Set<Pickle.ID>()
  /// Values may be shared, so that a small file can name very many.
  ///
  /// As many values and names of JSON may they become, which are fewer than are read from metadata.
  private var budget: Int
  private var paths: PathTree
  /// What the names of tensors at their places may still take.
  private var nameBytes: Int

  /// What stands beside; nil if nothing does.
  private(set) var value: PythonValue?
  /// Nil where each tensor is named at its place.
  private(set) var place: StateDictPlace?

  /// - Parameters:
  ///   - tensors: The state dict's tensors.
  ///   - root: The state dict.
  init(beside tensors: [NamedTensor], at root: Pickle.ID, in values: TorchValues, limits: CheckpointLimits) {
    self.values = values
    paths = PathTree(values.pickle)
    nameBytes = limits.nameByteCount
    self.root = root
    self.tensors = tensors
    budget = max(100_000, min(values.pickle.nodes.count.times(Self.tagCost) ?? .max, 2_000_000))
    value = convert(values.pickle.root, Place())
  }

  /// All that a pickle holds beside tensors.
  init(in values: TorchValues) {
    // No value is the state dict.
    self.init(beside: [], at: Pickle.ID(index: -1), in: values, limits: .init())
  }

  /// Where a value is.
  private struct Place {
    /// Whether it is in the state dict, and its path there.
    var isInside = false
    var parent = PathTree.Path.top
    var step = PathTree.Step.none
    /// The way to it from the top.
    var steps: [StateDictPlace.Step] = []

    func entering(_ key: PythonValue, _ step: PathTree.Step, below here: PathTree.Path, _ position: Int) -> Place {
      var place = self
      if isInside {
        place.parent = here
        place.step = step
      } else {
        // The way matters only to the state dict itself.
        place.steps.append(StateDictPlace.Step(key, position: position))
      }
      return place
    }

    var depth: Int = 0
  }

  /// The name of a tensor at a place; nil once the names are too long together.
  private mutating func name(of place: Place) -> String? {
    nameBytes -= paths.byteCount(of: place.step, below: place.parent)
    guard nameBytes > 0 else { return nil }
    return paths.text(of: place.step, below: place.parent) ?? "tensor"
  }

  /// The tensors whose names begin with the path of a place.
  private mutating func entries(ofTensorsAt place: Place) -> [PythonValue.Entry] {
    guard place.isInside, !(place.parent == .top && place.step.isNone), let name = name(of: place) else { return [] }
    return entries(ofTensorsUnder: name)
  }

  /// What a value costs that JSON has no form for: an object with a tag and the content, which take the memory of five.
  private static let tagCost = 5

  private mutating func convert(_ id: Pickle.ID, _ place: Place) -> PythonValue? {
    let value = untaxed(id, place)
    if value?.hasTag == true { budget -= Self.tagCost - 1 }
    return value
  }

  private mutating func untaxed(_ id: Pickle.ID, _ place: Place) -> PythonValue? {
    if id == root, !place.isInside {
      if let rest = beside(place) {
        self.place = StateDictPlace(place.steps)
        return rest.isEmpty ? nil : .dict(rest)
      }
      var inside = place
      inside.isInside = true
      return convert(id, inside)
    }
    budget -= 1
    guard budget >= 0, place.depth < PythonValue.depthLimit else { return .record(.string("…")) }
    guard !open.contains(id) else { return .record(.string("a value that holds itself")) }
    let pickle = values.pickle
    if values.isNumpyScalar(id) { return number(id) }
    if isTensor(id) { return tensor(id, place) }
    if values.file(at: id) != nil {
      // Its tensors are this file's too, so its bytes would say them twice.
      let tensors = entries(ofTensorsAt: place)
      return tensors.isEmpty
        ? .record(.string("a checkpoint within the checkpoint")) : .instance(class: "checkpoint in bytes", tensors)
    }
    switch pickle[id] {
    case .none: return PythonValue.none
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .bigInteger(let slice): return .bigInteger(pickle.decimalText(pickle.bytes(slice)))
    case .float(let value): return .float(value)
    case .text(let slice): return take(slice) ? .text(pickle.text(slice)) : .record(.string("…"))
    case .byteText(let slice): return take(slice) ? .text(pickle.byteText(slice)) : .record(.string("…"))
    case .bytes(let slice): return take(slice) ? .bytes(pickle.bytes(slice)) : nil
    case .bytearray(let slice): return take(slice) ? .bytearray(pickle.bytes(slice)) : nil
    default: break
    }
    open.insert(id)
    defer { open.remove(id) }
    switch pickle[id] {
    case .list: return items(pickle.sequence(at: id) ?? [], place).map { .list($0) }
    case .tuple: return items(pickle.sequence(at: id) ?? [], place).map { .tuple($0) }
    case .set: return items(pickle.sequence(at: id) ?? [], place).map { .set($0) }
    case .frozenset: return items(pickle.sequence(at: id) ?? [], place).map { .frozenset($0) }
    case .dict: return entries(values.mapping(at: id) ?? [], place).map { .dict($0) }
    case .global, .persistent:
      if case .elementType(let type)? = values.meaning(at: id) { return .dtype(type.rawValue) }
      guard let name = values.globalName(at: id) else { return Self.storage }
      return .record(["class": .string(name)])
    case .object(let index): return object(pickle.objects[index], id, place)
    default: return nil
    }
  }

  private static let storage = PythonValue.record(.string("a storage outside of a tensor"))

  /// What else is in a state dict that is one mapping from names to tensors and has its tensors first; nil if it is not.
  private mutating func beside(_ place: Place) -> [PythonValue.Entry]? {
    if values.isModule(at: root) { return [] }
    guard let all = values.mapping(at: root) else { return nil }
    var others: [TorchValues.Entry] = []
    var count = 0
    for entry in all {
      guard isTensor(entry.value) else {
        others.append(entry)
        continue
      }
      switch values.pickle[entry.key] {
      case .text, .byteText: break
      default: return nil
      }
      guard others.isEmpty else { return nil }
      if values.reasonWithoutType(at: entry.value) == nil { count += 1 }
    }
    // If as many are here, none is deeper.
    guard count == tensors.count else { return nil }
    var place = place
    place.depth += 1
    return withinBudget(others, \.value) { others, entry in
      guard let key = others.key(entry.key, place), let value = others.convert(entry.value, place) else { return nil }
      return PythonValue.Entry(key, value)
    }
  }

  /// The results for the items up to the one at which the budget ends, and for the state dict behind it.
  private mutating func withinBudget<Item, Result>(
    _ items: some Sequence<Item>, _ id: (Item) -> Pickle.ID, _ convert: (inout Self, Item) -> Result?
  ) -> [Result] {
    var results: [Result] = []
    var isOver = false
    for item in items where !isOver || id(item) == root {
      // One more then, which says that there are others.
      isOver = budget <= 0
      if let result = convert(&self, item) { results.append(result) }
    }
    return results
  }

  // MARK: - Tensors

  /// Whether a value is listed as a tensor; Paddle's are pairs of a name and an array.
  private func isTensor(_ id: Pickle.ID) -> Bool {
    if values.isTensor(at: id) || values.isArray(id) { return true }
    guard values.items(ofTuple: id) != nil else { return false }
    return (try? values.array(at: id)) ?? nil != nil
  }

  /// Whether a tensor is named at its place.
  var namesTensors: Bool { !nameOfID.isEmpty }

  private mutating func tensor(_ id: Pickle.ID, _ place: Place) -> PythonValue? {
    guard place.isInside else { return nil }
    if let name = name(of: place), names.contains(ExactName(name)) {
      if nameOfID[id] == nil { nameOfID[id] = name }
      return .tensor(name)
    }
    return nameOfID[id].map { .tensor($0) }
  }

  /// The tensors whose names begin so, by the rest of their names.
  private mutating func entries(ofTensorsUnder prefix: String) -> [PythonValue.Entry] {
    let wanted = Array((prefix + ".").utf8)
    var (low, high) = (0, sortedNames.count)
    while low < high {
      let middle = (low + high) / 2
      if sortedNames[middle].utf8.lexicographicallyPrecedes(wanted) { low = middle + 1 } else { high = middle }
    }
    return sortedNames[low...].prefix { $0.utf8.starts(with: wanted) }.map { name in
      PythonValue.Entry(.text(String(decoding: name.utf8.dropFirst(wanted.count), as: UTF8.self)), .tensor(name))
    }
  }

  // MARK: - Containers

  private mutating func items(_ ids: ArraySlice<Pickle.ID>, _ place: Place) -> [PythonValue]? {
    var isEmpty = true
    var position = 0
    let hadPlace = self.place != nil
    let here = place.isInside ? paths.path(place.step, below: place.parent) : .top
    let items = withinBudget(zip(0..., ids), \.1) { others, item in
      let (number, id) = item
      var inner = place.entering(.integer(position), .index(number), below: here, position)
      inner.depth += 1
      position += 1
      let value = others.convert(id, inner)
      isEmpty = isEmpty && value == nil
      return value ?? (id == others.root ? .dict([]) : PythonValue.none)
    }
    return isEmpty && !ids.isEmpty && hadPlace == (self.place != nil) ? nil : items
  }

  private mutating func entries(_ all: [TorchValues.Entry], _ place: Place) -> [PythonValue.Entry]? {
    var position = 0
    let here = place.isInside ? paths.path(place.step, below: place.parent) : .top
    let entries = withinBudget(all, \.value) { others, entry -> PythonValue.Entry? in
      guard let key = others.key(entry.key, place) else { return nil }
      var inner = place.entering(key, .key(entry.key), below: here, position)
      inner.depth += 1
      guard let value = others.convert(entry.value, inner) else { return nil }
      // Where a key is no text, the entry becomes an array.
      others.budget -= 2
      position += 1
      return PythonValue.Entry(key, value)
    }
    return entries.isEmpty && !all.isEmpty ? nil : entries
  }

  /// A key of a mapping, of few levels, and deeper than the mapping: a key may hold a mapping itself.
  private mutating func key(_ id: Pickle.ID, _ place: Place) -> PythonValue? {
    convert(id, Place(depth: max(place.depth + 1, PythonValue.depthLimit - 8)))
  }

  // MARK: - Objects

  private mutating func object(_ object: Pickle.Object, _ id: Pickle.ID, _ place: Place) -> PythonValue? {
    let pickle = values.pickle
    if values.storageReference(at: id) != nil { return Self.storage }
    if let found = pickle.encodedBytes(object) { return bytes(found).map { .bytes($0) } }
    if let parts = values.items(ofTuple: id) { return items(parts, place).map { .tuple($0) } }
    let arguments = Array(values.arguments(object))
    let name = values.globalName(at: object.callable) ?? "object"
    switch (values.meaning(at: object.callable), name) {
    case (.orderedDict?, _):
      guard let entries = entries(values.mapping(at: id) ?? [], place) else { return nil }
      var outside = Place()
      outside.depth = place.depth + 1
      let attributes = object.state.flatMap { values.mapping(at: $0) }.flatMap { self.entries($0, outside) }
      return .orderedDict(entries, attributes: attributes ?? [])
    case (.size?, _):
      return arguments.first.flatMap { values.integers(at: $0) }.map { .size($0.map { .integer($0) }) }
    case (.device?, _):
      guard let kind = arguments.first.flatMap(pickle.text) else { break }
      let index = arguments.dropFirst().first.flatMap(pickle.integer)
      return .device(index.map { "\(kind):\($0)" } ?? kind)
    case (_, "builtins.set"), (_, "__builtin__.set"):
      return items(arguments.first.flatMap(pickle.sequence) ?? [], place).map { .set($0) }
    case (_, "builtins.frozenset"), (_, "__builtin__.frozenset"):
      return items(arguments.first.flatMap(pickle.sequence) ?? [], place).map { .frozenset($0) }
    case (_, "builtins.complex"), (_, "__builtin__.complex"):
      let parts = arguments.compactMap { id in
        if case .float(let value) = pickle[id] { value } else { pickle.integer(at: id).map(Double.init) }
      }
      if parts.count == 2 { return .complex(parts[0], parts[1]) }
    case (_, "builtins.bytearray"), (_, "__builtin__.bytearray"):
      if let found = bytearray(arguments) { return bytes(found).map { .bytearray($0) } }
    case (_, "collections.Counter"):
      let mapping = arguments.first.flatMap { values.mapping(at: $0) } ?? []
      return entries(mapping, place).map { .counter($0) }
    default: break
    }
    let tensors = entries(ofTensorsAt: place)
    if !tensors.isEmpty { return .instance(class: name, tensors) }
    if object.entries >= 0, let mapping = values.mapping(at: id) {
      return entries(mapping, place).map { .instance(class: name, $0) }
    }
    let share = max(min(budget, 10_000), 0)
    var rest = share
    let json = CheckpointValue(values: values, id: id).json(within: &rest)
    budget -= share - rest
    return .record(json)
  }

  /// `bytearray(text, 'latin-1')`, `bytearray(bytes)` or `bytearray()`.
  private func bytearray(_ arguments: [Pickle.ID]) -> [UInt8]? {
    guard let first = arguments.first else { return [] }
    switch values.pickle[first] {
    case .bytes(let slice), .bytearray(let slice): return values.pickle.bytes(slice)
    case .object(let index): return values.pickle.encodedBytes(values.pickle.objects[index])
    default:
      guard let scalars = values.pickle.text(at: first)?.unicodeScalars else { return nil }
      let bytes = scalars.compactMap { UInt8(exactly: $0.value) }
      return bytes.count == scalars.count ? bytes : nil
    }
  }

  /// Texts and bytes count as values do, sixteen bytes to one.
  private mutating func take(_ slice: Pickle.Slice) -> Bool {
    budget -= Int(slice.count) / 16
    return budget >= 0
  }

  private mutating func bytes(_ bytes: [UInt8]) -> [UInt8]? {
    budget -= bytes.count / 16
    return budget >= 0 ? bytes : nil
  }

  private func number(_ id: Pickle.ID) -> PythonValue? {
    switch try? CheckpointValue(values: values, id: id).kind {
    case .bool(let value)?: .bool(value)
    case .integer(let value)?: .integer(value)
    case .float(let value)?: .float(value)
    default: .record(.string("a numpy scalar that is not a number"))
    }
  }
}
