import StateDicts

/// Finds the values at paths of keys that are joined by dots, where a key may itself hold dots.
///
///     "model.layer1.0.weight"     {"model": {"layer1.0.weight": T}}    or    {"model": {"layer1": [{"weight": T}]}}
///
/// The children of a container are put into a table once, since one file may ask for as many paths as it has tensors.
struct KeyPaths {
  private let values: TorchValues
  private var tables: [Pickle.ID: [ExactName: Pickle.ID]] = [:]

  /// A place from which the rest of a path leads nowhere.
  private struct DeadEnd: Hashable {
    let id: Pickle.ID
    let rest: Int
  }

  init(in values: TorchValues) { self.values = values }

  /// The value at a path from the top of the file; nil if there is none.
  mutating func value(at path: String) -> Pickle.ID? {
    var deadEnds = Set<DeadEnd>()
    return value(at: path.utf8[...], from: values.pickle.root, &deadEnds)
  }

  private mutating func value(
    at path: Substring.UTF8View, from id: Pickle.ID, _ deadEnds: inout Set<DeadEnd>
  ) -> Pickle.ID? {
    if let direct = child(path, of: id) { return direct }
    // With dots in keys there are many ways to split a path, and each place is tried once.
    guard deadEnds.count < Self.deadEndLimit, deadEnds.insert(DeadEnd(id: id, rest: path.count)).inserted else {
      return nil
    }
    var start = path.startIndex
    while let dot = path[start...].firstIndex(of: UInt8(ascii: ".")) {
      start = path.index(after: dot)
      if let child = child(path[..<dot], of: id), let found = value(at: path[start...], from: child, &deadEnds) {
        return found
      }
    }
    return nil
  }

  private static let deadEndLimit = 1000

  private mutating func child(_ key: Substring.UTF8View, of id: Pickle.ID) -> Pickle.ID? {
    let text = String(Substring(key))
    if let items = values.pickle.sequence(at: id) {
      guard let index = Int(text), index >= 0, index < items.count else { return nil }
      return items[items.startIndex + index]
    }
    return table(of: id)[ExactName(text)]
  }

  /// The entries of a mapping, or the attributes of an object that is none.
  private mutating func table(of id: Pickle.ID) -> [ExactName: Pickle.ID] {
    if let table = tables[id] { return table }
    var table: [ExactName: Pickle.ID] = [:]
    if let entries = values.mapping(at: id) {
      add(entries, to: &table)
    } else if let state = values.pickle.object(at: id)?.state {
      // Classes with `__slots__` have a pair of dicts, of which the first is looked at first.
      let parts: ArraySlice<Pickle.ID> =
        if case .tuple = values.pickle[state] { values.pickle.sequence(at: state) ?? [] } else { [state] }
      for part in parts.reversed() { add(values.mapping(at: part) ?? [], to: &table) }
    }
    tables[id] = table
    return table
  }

  private func add(_ entries: [TorchValues.Entry], to table: inout [ExactName: Pickle.ID]) {
    for entry in entries {
      let name = values.pickle.keyText(entry.key)
      // Strings of any length are the file's own; other keys may be written out of parts that they share.
      if name.utf8.count <= 256 || values.pickle.text(at: entry.key) != nil { table[ExactName(name)] = entry.value }
    }
  }
}
