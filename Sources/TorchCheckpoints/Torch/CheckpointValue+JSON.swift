public import StateDicts

extension CheckpointValue {
  /// Returns the value as JSON without tensors, or null if nothing else is left.
  ///
  /// Objects are written with the name of their class and their state. Values that JSON does not have (bytes,
  /// infinities, integers of more than 64 bits) become strings.
  ///
  /// - Parameter budget: The largest number of values; the rest, and values below 32 levels, are replaced by `"…"`.
  public func json(budget: Int = 100_000) -> JSONValue {
    var budget = budget
    return json(within: &budget)
  }

  /// The value as JSON, within what several values may take together; 16 bytes of text count as a value.
  func json(within budget: inout Int) -> JSONValue { json(&budget, depth: 0) ?? .null }

  private func json(_ budget: inout Int, depth: Int) -> JSONValue? {
    budget -= 1
    guard budget >= 0, depth < 32 else { return .string("…") }
    // Bytes are only counted, and may be there any number of times.
    if let count = values.pickle.byteCount(at: id) { return .string("\(count) bytes") }
    func array(_ items: some Collection<Pickle.ID>) -> JSONValue? {
      var members: [JSONValue] = []
      for item in items {
        let isLast = budget <= 0
        if let member = at(item).json(&budget, depth: depth + 1) { members.append(member) }
        if isLast { break }
      }
      return members.isEmpty && !items.isEmpty ? nil : .array(members)
    }
    // A list may name one value millions of times.
    if let items = values.pickle.sequence(at: id) { return array(items) }
    guard let kind = try? kind else { return nil }
    switch kind {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .bigInteger(let digits): return .string(digits)
    case .float(let value): return value.isFinite ? .number(value) : .string(PythonText.literal(value))
    case .string(let text):
      budget -= text.utf8.count / 16
      return .string(text)
    case .bytes(let bytes):
      budget -= bytes.count / 16
      return .string("\(bytes.count) bytes")
    case .list(let values), .tuple(let values), .set(let values): return array(values.map(\.id))
    case .mapping(let entries):
      var members = JSONObject()
      for (key, value) in entries {
        let isLast = budget <= 0
        if let json = value.json(&budget, depth: depth + 1) {
          let name = budget > 0 ? values.pickle.keyText(key.id) : "…"
          budget -= name.utf8.count / 16
          members.append(name, json)
        }
        if isLast { break }
      }
      return members.isEmpty && !entries.isEmpty ? nil : .object(members)
    case .tensor, .storage: return nil
    case .global(let name): return .string(name)
    case .object(let name, let parts):
      var members: JSONObject = ["class": .string(name)]
      for (part, title) in zip(parts, ["arguments", "state", "more"]) {
        if let value = part.json(&budget, depth: depth + 1), value != .array([]) {
          members.append(title, value)
        }
      }
      return .object(members)
    }
  }
}
