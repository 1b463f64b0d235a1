/// A checkpoint's value as it is pickled: the other values, with the state dict back in its place.
///
///     {"epoch": 7}, place ["state_dict"]     →   {"state_dict": …, "epoch": 7}
///     {"a": {"w": tensor a.w}}               →   the same
///     {"epoch": 7}, no place                 →   {"state_dict": …, "epoch": 7}
///     nothing                                →   the state dict itself
struct TorchDocument {
  /// Has one `stateDict` at most, which takes the tensors that have no place of their own.
  private(set) var root: PythonValue = .stateDict([])
  /// Those tensors, by their place among all.
  private(set) var unplaced: [Int] = []
  /// Torch's `_metadata`.
  private(set) var modules: [PythonValue.Entry] = []
  /// What cannot be made again.
  private(set) var notKept: [LeftOut] = []
  private var placed = Set<ExactName>()

  /// A value as it is.
  init(_ root: PythonValue) {
    self.root = root
  }

  init(_ metadata: StateDict.Metadata, _ kept: [OutputSelection.Kept]) {
    let names = Set(kept.lazy.map { ExactName($0.name) })
    let others = prune(PythonValue(.object(metadata.otherValues)), "", names) ?? .dict([])
    unplaced = kept.indices.filter { !placed.contains(ExactName(kept[$0].name)) }
    let versions = metadata.modules.map { PythonValue.Entry(.text($0.name), PythonValue($0.value)) }
    modules = prune(versions, "_metadata", []) ?? []
    if let place = metadata.place, place.steps.allSatisfy(\.key.isHashable) {
      root = Self.insert(place.steps[...], into: others)
    } else if placed.isEmpty {
      let entries = others.entries ?? []
      root =
        entries.isEmpty
        ? .stateDict([]) : .dict([PythonValue.Entry(.text("state_dict"), .stateDict([]))] + entries)
    } else if unplaced.isEmpty {
      root = others
    } else {
      placeAtTop(others, kept)
    }
    for annotation in metadata.annotations {
      notKept.append(LeftOut(annotation.name, reason: "an annotation, for which torch's format has no place"))
    }
  }

  /// Makes the tensors that have no place entries of the top.
  private mutating func placeAtTop(_ others: PythonValue, _ kept: [OutputSelection.Kept]) {
    let tensors = unplaced.map { PythonValue.Entry(.text(kept[$0].name), .tensor(kept[$0].name)) }
    switch others {
    case .dict(let entries): root = .dict(entries + tensors)
    case .orderedDict(let entries, let attributes): root = .orderedDict(entries + tensors, attributes: attributes)
    default:
      notKept.append(
        LeftOut("the top", reason: "it is not a mapping, so that tensors under new names have no place in it"))
      unplaced = Array(kept.indices)
      root = .stateDict([])
      return
    }
    unplaced = []
  }

  /// The value with the state dict at a place; containers that are not there are made.
  private static func insert(_ steps: ArraySlice<StateDictPlace.Step>, into value: PythonValue?) -> PythonValue {
    guard let step = steps.first else { return .stateDict(value?.entries ?? []) }
    let rest = steps.dropFirst()
    func mapping(_ entries: [PythonValue.Entry]) -> [PythonValue.Entry] {
      var entries = entries
      if let place = entries.firstIndex(where: { $0.key == step.key }) {
        entries[place] = PythonValue.Entry(step.key, insert(rest, into: entries[place].value))
      } else {
        let place = min(max(step.position, 0), entries.count)
        entries.insert(PythonValue.Entry(step.key, insert(rest, into: nil)), at: place)
      }
      return entries
    }
    func items(_ items: [PythonValue]) -> [PythonValue] {
      var items = items
      if items.indices.contains(step.position) {
        items[step.position] = insert(rest, into: items[step.position])
      } else {
        items.append(insert(rest, into: nil))
      }
      return items
    }
    switch value {
    case .dict(let entries): return .dict(mapping(entries))
    case .orderedDict(let entries, let attributes): return .orderedDict(mapping(entries), attributes: attributes)
    case .list(let values): return .list(items(values))
    case .tuple(let values): return .tuple(items(values))
    default: return .dict(mapping([]))
    }
  }

  // MARK: - What can be pickled

  /// The value without what cannot be made again, and without tensors that are not written; nil if nothing is left of it.
  private mutating func prune(_ value: PythonValue, _ path: String, _ names: Set<ExactName>) -> PythonValue? {
    switch value {
    case .none, .bool, .integer, .float, .complex, .text, .bytes, .bytearray, .device: return value
    case .bigInteger(let digits):
      return WideInteger.bytes(digits).map { _ in value } ?? drop(path, "a number of more than 2040 bits")
    case .dtype(let name):
      if ElementType(rawValue: name) == nil { return drop(path, "the dtype \(name), which is not known") }
      return value
    case .size(let sizes):
      if !sizes.allSatisfy({ if case .integer = $0 { true } else { false } }) {
        return drop(path, "a size that is no number")
      }
      return value
    case .tensor(let name):
      guard names.contains(ExactName(name)) else { return nil }
      placed.insert(ExactName(name))
      return value
    case .record(let json): return drop(path, Self.description(json))
    case .stateDict: return nil
    case .list(let items): return items.isEmpty ? value : prune(items, path, names).map { .list($0) }
    case .tuple(let items): return items.isEmpty ? value : prune(items, path, names).map { .tuple($0) }
    case .frozenset(let items):
      notKept.append(LeftOut(Self.shown(path), reason: "a frozenset is written as a set: torch's safe loader has none"))
      return prune(.set(items), path, names)
    case .set(let items):
      return .set(items.filter { requireHashable($0, path) })
    case .counter(let entries): return prune(entries, path, names).map { .counter($0) }
    case .dict(let entries): return prune(entries, path, names).map { .dict($0) }
    case .instance(let name, let entries):
      notKept.append(LeftOut(Self.shown(path), reason: "its class \(name); what it holds is written as a dict"))
      return prune(entries, path, names).map { .dict($0) }
    case .orderedDict(let entries, let attributes):
      return prune(entries, path, names).map {
        .orderedDict($0, attributes: prune(attributes, path, names) ?? [])
      }
    }
  }

  /// The items, none in place of what goes; nil if nothing is left of them.
  private mutating func prune(_ items: [PythonValue], _ path: String, _ names: Set<ExactName>) -> [PythonValue]? {
    var kept: [PythonValue] = []
    var isEmpty = true
    for (number, item) in items.enumerated() {
      let value = prune(item, Self.path(path, String(number)), names)
      isEmpty = isEmpty && value == nil
      kept.append(value ?? .none)
    }
    return isEmpty ? nil : kept
  }

  /// The entries without those that go; nil if nothing is left of them.
  private mutating func prune(
    _ entries: [PythonValue.Entry], _ path: String, _ names: Set<ExactName>
  ) -> [PythonValue.Entry]? {
    var kept: [PythonValue.Entry] = []
    for entry in entries {
      let path = Self.path(path, Self.text(entry.key))
      guard requireHashable(entry.key, path), let value = prune(entry.value, path, names) else { continue }
      kept.append(PythonValue.Entry(entry.key, value))
    }
    return kept.isEmpty && !entries.isEmpty ? nil : kept
  }

  private mutating func requireHashable(_ value: PythonValue, _ path: String) -> Bool {
    if value.isHashable { return true }
    return drop(path, "a key that cannot be made again") != nil
  }

  private mutating func drop(_ path: String, _ reason: String) -> PythonValue? {
    notKept.append(LeftOut(Self.shown(path), reason: reason))
    return nil
  }

  private static func description(_ json: JSONValue) -> String {
    if case .string(let name)? = json["class"] { return "an object of class \(name)" }
    switch json["$object"] ?? json {
    case .string(let text): return text
    default: return "an object"
    }
  }

  private static func shown(_ path: String) -> String { path.isEmpty ? "the top" : path }
  private static func path(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  private static func text(_ key: PythonValue) -> String {
    switch key {
    case .text(let text): text
    case .integer(let value): String(value)
    default: key.json.text
    }
  }
}

extension PythonValue {
  /// Whether Python can take it as a key, and torch's safe loader can make it.
  fileprivate var isHashable: Bool {
    switch self {
    case .none, .bool, .integer, .float, .complex, .text, .bytes, .dtype, .device: true
    case .bigInteger(let digits): WideInteger.bytes(digits) != nil
    case .tuple(let items): items.allSatisfy(\.isHashable)
    default: false
    }
  }
}

/// Integers of more than 64 bits.
enum WideInteger {
  /// The number in two's complement, little-endian, as pickles have it; nil if the text is no number.
  ///
  /// - Parameter text: Decimal digits, of a number that takes 255 bytes at most: torch's safe loader reads no longer ones.
  static func bytes(_ text: String) -> [UInt8]? {
    let isNegative = text.hasPrefix("-")
    let digits = text.utf8.dropFirst(isNegative ? 1 : 0)
    guard !digits.isEmpty, digits.count <= 614 else { return nil }
    var magnitude: [UInt8] = [0]
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      var carry = Int(digit - 0x30)
      for place in magnitude.indices {
        let sum = Int(magnitude[place]) * 10 + carry
        magnitude[place] = UInt8(truncatingIfNeeded: sum)
        carry = sum >> 8
      }
      if carry > 0 { magnitude.append(UInt8(truncatingIfNeeded: carry)) }
    }
    magnitude.append(0)
    guard magnitude.count <= 255 else { return nil }
    guard isNegative else { return magnitude }
    var carry = true
    return magnitude.map { byte in
      let (sum, overflow) = (~byte).addingReportingOverflow(carry ? 1 : 0)
      carry = overflow
      return sum
    }
  }
}
