#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension PythonValue {
  /// Deeper values are not kept: each takes up to three levels of JSON.
  package static let depthLimit = JSONScanner.depthLimit / 4

  /// The value as JSON, in which a tag stands for each kind that JSON lacks: `{"$tuple": [1, 2]}`.
  package var json: JSONValue {
    func tag(_ name: String, _ value: JSONValue) -> JSONValue { .object(["$" + name: value]) }
    func array(_ values: [PythonValue]) -> JSONValue { .array(values.map(\.json)) }
    func pairs(_ entries: [Entry]) -> JSONValue { .array(entries.map { .array([$0.key.json, $0.value.json]) }) }
    switch self {
    case .none: return .null
    case .bool(let value): return .bool(value)
    case .integer(let value): return .integer(value)
    case .bigInteger(let digits): return tag("int", .string(digits))
    case .float(let value): return value.isFinite ? .number(value) : tag("float", .string(Self.text(value)))
    case .complex(let real, let imaginary): return tag("complex", array([.float(real), .float(imaginary)]))
    case .text(let text): return .string(text)
    case .bytes(let bytes): return tag("bytes", .string(Data(bytes).base64EncodedString()))
    case .bytearray(let bytes): return tag("bytearray", .string(Data(bytes).base64EncodedString()))
    case .list(let values): return array(values)
    case .tuple(let values): return tag("tuple", array(values))
    case .set(let values): return tag("set", array(values))
    case .frozenset(let values): return tag("frozenset", array(values))
    case .dict(let entries), .stateDict(let entries): return .object(Self.members(entries))
    case .instance(let name, let entries):
      return .object(Self.members(entries) + ["$class": .string(name)])
    case .orderedDict(let entries, let attributes):
      var members: JSONObject = ["$OrderedDict": pairs(entries)]
      if !attributes.isEmpty { members.append("attributes", pairs(attributes)) }
      return .object(members)
    case .counter(let entries): return tag("Counter", pairs(entries))
    case .dtype(let name): return tag("dtype", .string(name))
    case .size(let sizes): return tag("size", array(sizes))
    case .device(let name): return tag("device", .string(name))
    case .tensor(let name): return tag("tensor", .string(name))
    case .record(let json):
      // The tag comes last: people look for what it is.
      if case .object(let members) = json { return .object(members + ["$object": true]) }
      return tag("object", json)
    }
  }

  /// Whether JSON needs a tag for it.
  package var hasTag: Bool {
    switch self {
    case .none, .bool, .integer, .text, .list: false
    case .float(let value): !value.isFinite
    case .dict(let entries), .stateDict(let entries): entries.contains { $0.memberName == nil }
    default: true
    }
  }

  /// An object's members; one that holds pairs where a key is no text, or begins as tags do.
  private static func members(_ entries: [Entry]) -> JSONObject {
    var members: JSONObject = [:]
    for entry in entries {
      guard let name = entry.memberName else {
        return ["$dict": .array(entries.map { [$0.key.json, $0.value.json] })]
      }
      members.append(name, entry.value.json)
    }
    return members
  }

  /// The value of such JSON; a tag that is not known is a record.
  package init(_ json: JSONValue) { self.init(json, depth: 0) }

  private init(_ json: JSONValue, depth: Int) {
    func value(_ json: JSONValue) -> PythonValue {
      depth < Self.depthLimit ? PythonValue(json, depth: depth + 1) : .record(.string("nested too deep"))
    }
    func values(_ json: JSONValue) -> [PythonValue]? {
      json.arrayValue?.map(value)
    }
    func entries(_ json: JSONValue?) -> [Entry]? {
      guard case .array(let items)? = json else { return nil }
      let entries = items.compactMap { item -> Entry? in
        guard case .array(let parts) = item, parts.count == 2 else { return nil }
        return Entry(value(parts[0]), value(parts[1]))
      }
      return entries.count == items.count ? entries : nil
    }
    func bytes(_ json: JSONValue) -> [UInt8]? {
      json.stringValue.flatMap { Data(base64Encoded: $0) }.map(Array.init)
    }

    switch json {
    case .null: self = .none
    case .bool(let flag): self = .bool(flag)
    case .integer(let number): self = .integer(number)
    case .number(let number): self = .float(number)
    case .string(let text): self = .text(text)
    case .array(let items): self = .list(items.map(value))
    case .object(let members):
      guard let tag = members.first(where: { $0.name.utf8.starts(with: "$".utf8) }) else {
        self = .dict(members.map { Entry(.text($0.name), value($0.value)) })
        return
      }
      let content = tag.value
      let known: PythonValue? =
        switch tag.name {
        case "$int": content.stringValue.map { .bigInteger($0) }
        case "$float": content.stringValue.flatMap(Double.init).map { .float($0) }
        case "$complex":
          values(content).flatMap { parts in
            let numbers = parts.compactMap { part in
              switch part {
              case .float(let value): value
              case .integer(let value): Double(value)
              default: nil
              }
            }
            return parts.count == 2 && numbers.count == 2 ? .complex(numbers[0], numbers[1]) : nil
          }
        case "$bytes": bytes(content).map { .bytes($0) }
        case "$bytearray": bytes(content).map { .bytearray($0) }
        case "$tuple": values(content).map { .tuple($0) }
        case "$list": values(content).map { .list($0) }
        case "$set": values(content).map { .set($0) }
        case "$frozenset": values(content).map { .frozenset($0) }
        case "$dict":
          entries(content).map { entries in
            json["$class"].flatMap(\.stringValue).map { .instance(class: $0, entries) } ?? .dict(entries)
          }
        case "$class":
          content.stringValue.map { name in
            .instance(
              class: name,
              members.filter { $0.name != "$class" }.map { Entry(.text($0.name), value($0.value)) })
          }
        case "$value": value(content)
        case "$OrderedDict":
          entries(content).map { .orderedDict($0, attributes: entries(json["attributes"]) ?? []) }
        case "$Counter": entries(content).map { .counter($0) }
        case "$dtype": content.stringValue.map { .dtype($0) }
        case "$size": values(content).map { .size($0) }
        case "$device": content.stringValue.map { .device($0) }
        case "$tensor": content.stringValue.map { .tensor($0) }
        default: nil
        }
      self = known ?? .record(json)
    }
  }

  /// The members of a checkpoint's top value: those of a dict, else the value under its tag.
  package var members: JSONObject {
    switch json {
    case .object(let members): members
    case .array(let items): ["$list": .array(items)]
    case let value: ["$value": value]
    }
  }

  private static func text(_ value: Double) -> String {
    value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
  }
}

extension PythonValue.Entry {
  /// The name of the JSON member that it becomes; nil if the key is no text, or begins as tags do.
  fileprivate var memberName: String? {
    if case .text(let name) = key, !name.utf8.starts(with: "$".utf8) { name } else { nil }
  }
}
