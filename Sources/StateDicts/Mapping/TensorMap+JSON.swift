extension TensorMap {
  /// Reads a map from JSON: an array of steps.
  ///
  /// - Throws: `malformedMap`, with the number of the step and the key, for anything that is not expected.
  public init(json: JSONValue) throws(CheckpointError) {
    guard case .array(let items) = json else {
      throw CheckpointError(
        .malformedMap, "A map is an array of steps, not \(json.kind).",
        remedy: #"write it like [{"drop": "head.*"}, {"cast": "*", "to": "bfloat16"}]"#)
    }
    var steps: [Step] = []
    for (number, item) in items.enumerated() {
      var reader = try StepReader(item, number: number)
      steps.append(try reader.step())
      try reader.finish()
    }
    self.init(steps)
  }

  /// Reads a map from JSON text.
  ///
  /// - Throws: `malformedMap`.
  public init(parsing text: String) throws(CheckpointError) {
    let value: JSONValue
    do throws(CheckpointError) {
      value = try JSONValue(parsing: text)
    } catch {
      throw CheckpointError(.malformedMap, "The map is not JSON: \(error.message)", offset: error.offset)
    }
    try self.init(json: value)
  }

  /// The map as JSON.
  public var json: JSONValue { .array(steps.map(\.json)) }

  /// The map as JSON text, one step a line.
  public var text: String {
    steps.isEmpty ? "[]\n" : "[\n" + steps.map { "  " + $0.json.text }.joined(separator: ",\n") + "\n]\n"
  }
}

extension TensorMap: Encodable {
  /// Encodes the array of steps.
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}

extension TensorMap.Step {
  /// The step as JSON.
  public var json: JSONValue {
    func object(_ value: JSONValue, _ members: (String, JSONValue)...) -> JSONValue {
      .object(JSONObject([(verb, value)] + members))
    }
    func list(_ patterns: [NamePattern]) -> JSONValue {
      patterns.count == 1 ? .string(patterns[0].text) : .array(patterns.map { .string($0.text) })
    }
    func numbers(_ numbers: [Int]) -> JSONValue { .array(numbers.map(JSONValue.integer)) }
    switch self {
    case .keep(let patterns), .drop(let patterns): return object(list(patterns))
    case .rename(let map):
      if map.renamings.count == 1, let line = map.renamings.first {
        return object(.string(line.from.text), ("to", .string(line.to.text)))
      }
      return object(
        .array(
          map.renamings.map {
            ["from": .string($0.from.text), "to": .string($0.to.text)]
          }))
    case .cast(let patterns, let type): return object(list(patterns), ("to", .string(type.rawValue)))
    case .permute(let patterns, let axes): return object(list(patterns), ("axes", numbers(axes)))
    case .reshape(let patterns, let shape): return object(list(patterns), ("shape", numbers(shape)))
    case .split(let pattern, let dimension, let parts, let sizes):
      let into = JSONValue.array(parts.map { .string($0.text) })
      let dim = JSONValue.integer(dimension)
      if let sizes { return object(.string(pattern.text), ("dim", dim), ("into", into), ("sizes", numbers(sizes))) }
      return object(.string(pattern.text), ("dim", dim), ("into", into))
    case .concat(let patterns, let dimension, let into):
      return object(
        .array(patterns.map { .string($0.text) }), ("dim", .integer(dimension)), ("into", .string(into.text)))
    case .stack(let pattern, let dimension, let into):
      return object(.string(pattern.text), ("dim", .integer(dimension)), ("into", .string(into.text)))
    case .unstack(let pattern, let dimension, let into):
      return object(.string(pattern.text), ("dim", .integer(dimension)), ("into", .string(into.text)))
    }
  }
}

extension JSONValue {
  /// What kind of value this is, in words.
  fileprivate var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// Reads a step from JSON, strictly: each key is known and has a value of its type.
private struct StepReader {
  private var members: [(name: String, value: JSONValue)] = []
  private let number: Int
  private let verb: String

  private static let verbs = [
    "keep", "drop", "rename", "cast", "permute", "reshape", "split", "concat", "stack", "unstack",
  ]

  init(_ item: JSONValue, number: Int) throws(CheckpointError) {
    self.number = number
    func refuse(_ message: String) -> CheckpointError {
      CheckpointError(
        .malformedMap, "Step \(number + 1): \(message)",
        remedy: "a step has one of \(Self.verbs.joined(separator: ", "))")
    }
    guard case .object(let members) = item else { throw refuse("A step is an object, not \(item.kind).") }
    var names = Set<ExactName>()
    for member in members {
      guard names.insert(ExactName(member.name)).inserted else {
        throw refuse("The key \"\(member.name)\" occurs twice.")
      }
    }
    let verbs = members.filter { Self.verbs.contains($0.name) }
    guard let verb = verbs.first, verbs.count == 1 else {
      throw refuse(
        verbs.isEmpty
          ? "It has no key that says what to do\(members.isEmpty ? "" : ": \(members.map(\.name).joined(separator: ", "))")."
          : "It says \(verbs.map(\.name).joined(separator: " and ")); a step does one thing.")
    }
    self.verb = verb.name
    self.members = members.map { ($0.name, $0.value) }
  }

  private func refuse(_ key: String, _ message: String) -> CheckpointError {
    CheckpointError(.malformedMap, "Step \(number + 1) (\(verb)), key \"\(key)\": \(message)")
  }

  mutating func step() throws(CheckpointError) -> TensorMap.Step {
    switch verb {
    case "keep": return .keep(try patterns(verb))
    case "drop": return .drop(try patterns(verb))
    case "rename": return .rename(try renamings())
    case "cast":
      let patterns = try patterns(verb)
      let name = try string("to")
      guard let type = ElementType(rawValue: name) else { throw refuse("to", "there is no dtype \(name).") }
      guard type.isFloatingPoint, type.part != nil else {
        throw refuse("to", "\(name) is not a floating-point dtype that numbers can be converted to.")
      }
      return .cast(patterns, to: type)
    case "permute": return .permute(try patterns(verb), axes: try integers("axes"))
    case "reshape": return .reshape(try patterns(verb), shape: try integers("shape"))
    case "split":
      let pattern = try pattern(verb)
      let into = try list("into")
      for part in into { try requireStars(part, "into", like: pattern) }
      guard !into.isEmpty else { throw refuse("into", "it needs at least one name.") }
      let sizes = members.contains { $0.name == "sizes" } ? try integers("sizes") : nil
      if let sizes, sizes.count != into.count {
        throw refuse("sizes", "\(sizes.count) sizes for \(into.count) names.")
      }
      return .split(pattern, dimension: try integer("dim"), into: into, sizes: sizes)
    case "concat":
      let parts = try list(verb)
      guard !parts.isEmpty else { throw refuse(verb, "it needs at least one name.") }
      let into = try pattern("into")
      for part in parts { try requireStars(part, verb, like: into) }
      return .concat(parts, dimension: try integer("dim"), into: into)
    case "stack":
      let numbered = try numbered(verb)
      let into = try pattern("into")
      try requireStars(into, "into", numbered.starCount)
      return .stack(numbered, dimension: try integer("dim"), into: into)
    default:
      let pattern = try pattern(verb)
      let into = try numbered("into")
      try requireStars(pattern, verb, into.starCount)
      return .unstack(pattern, dimension: try integer("dim"), into: into)
    }
  }

  /// Refuses keys that were not read.
  func finish() throws(CheckpointError) {
    if let member = members.first { throw refuse(member.name, "\(verb) has no such key.") }
  }

  // MARK: - Values of a key

  private mutating func value(_ key: String) throws(CheckpointError) -> JSONValue {
    guard let place = members.firstIndex(where: { $0.name == key }) else {
      throw refuse(key, "it is missing.")
    }
    return members.remove(at: place).value
  }

  private mutating func string(_ key: String) throws(CheckpointError) -> String {
    let value = try value(key)
    guard case .string(let text) = value else { throw refuse(key, "it needs a string, not \(value.kind).") }
    return text
  }

  private mutating func integer(_ key: String) throws(CheckpointError) -> Int {
    let value = try value(key)
    guard case .integer(let number) = value else { throw refuse(key, "it needs an integer, not \(value.kind).") }
    return number
  }

  private mutating func integers(_ key: String) throws(CheckpointError) -> [Int] {
    let value = try value(key)
    guard case .array(let items) = value else { throw refuse(key, "it needs an array of integers, not \(value.kind).") }
    var numbers: [Int] = []
    for item in items {
      guard case .integer(let number) = item else { throw refuse(key, "it needs integers, not \(item.kind).") }
      numbers.append(number)
    }
    return numbers
  }

  private mutating func pattern(_ key: String) throws(CheckpointError) -> NamePattern { NamePattern(try string(key)) }

  private mutating func numbered(_ key: String) throws(CheckpointError) -> NumberedPattern {
    let text = try string(key)
    do throws(CheckpointError) {
      return try NumberedPattern(text)
    } catch {
      throw refuse(key, error.message)
    }
  }

  /// A pattern, or an array of them.
  private mutating func patterns(_ key: String) throws(CheckpointError) -> [NamePattern] {
    if case .string? = members.first(where: { $0.name == key })?.value { return [try pattern(key)] }
    return try list(key)
  }

  private mutating func list(_ key: String) throws(CheckpointError) -> [NamePattern] {
    let value = try value(key)
    guard case .array(let items) = value else { throw refuse(key, "it needs an array of names, not \(value.kind).") }
    var patterns: [NamePattern] = []
    for item in items {
      guard case .string(let text) = item else { throw refuse(key, "it needs names, not \(item.kind).") }
      patterns.append(NamePattern(text))
    }
    return patterns
  }

  private func requireStars(_ pattern: NamePattern, _ key: String, like other: NamePattern) throws(CheckpointError) {
    try requireStars(pattern, key, other.starCount)
  }

  private func requireStars(_ pattern: NamePattern, _ key: String, _ count: Int) throws(CheckpointError) {
    guard pattern.starCount == count else {
      throw refuse(key, "\(pattern) needs \(count) *, as many as the other names of the step.")
    }
  }

  /// One renaming with `to`, or lines of which the first that fits decides: `"OLD=NEW"` or `{"from": …, "to": …}`.
  private mutating func renamings() throws(CheckpointError) -> KeyMap {
    let value = try value(verb)
    do throws(CheckpointError) {
      if case .string(let from) = value {
        return KeyMap([try KeyMap.Renaming(from: NamePattern(from), to: try pattern("to"))])
      }
      guard case .array(let lines) = value else {
        throw refuse(verb, "it needs a name or an array, not \(value.kind).")
      }
      var renamings: [KeyMap.Renaming] = []
      for line in lines { renamings.append(try renaming(line)) }
      return KeyMap(renamings)
    } catch {
      guard error.code == .malformedRenaming else { throw error }
      throw refuse(verb, error.message)
    }
  }

  private func renaming(_ line: JSONValue) throws(CheckpointError) -> KeyMap.Renaming {
    switch line {
    case .string(let text): return try KeyMap.Renaming(text)
    case .object(let members):
      guard members.count == 2, case .string(let from)? = line["from"], case .string(let to)? = line["to"] else {
        throw refuse(verb, #"a line is "OLD=NEW" or {"from": …, "to": …}."#)
      }
      return try KeyMap.Renaming(from: NamePattern(from), to: NamePattern(to))
    default: throw refuse(verb, #"a line is "OLD=NEW" or {"from": …, "to": …}, not \#(line.kind)."#)
    }
  }
}
