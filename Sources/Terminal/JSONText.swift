import StateDicts

/// The JSON text of a value, with the members of each object in the order of their names.
///
/// The text is that of Foundation's `JSONEncoder`, which makes an object of every value before it writes the first: for a
/// report on 250,000 tensors 170 MiB and 2 s more than this. Here members of the outermost object are encoded when it is
/// their turn, and the items of an array among them are written one by one.
enum JSONText {
  /// Writes the text of a value.
  ///
  /// - Parameters:
  ///   - isIndented: Whether each member and item has a line of its own.
  ///   - write: Called with one block of the text after another, in UTF-8, each of whole characters.
  /// - Throws: `EncodingError` for a number that JSON does not have, and what the value's own encoding throws; the blocks before
  ///   it are written then.
  static func write(_ value: some Encodable, isIndented: Bool, by write: @escaping ([UInt8]) -> Void) throws {
    let block = TextBlock(write)
    let node = JSONTextEncoder(isIndented: isIndented, depth: 0, target: block)
    try value.encode(to: node)
    try node.finish(into: block)
    write(block.bytes)
  }
}

/// Text that grows, and is written in blocks if there is somebody to write it.
private final class TextBlock {
  var bytes: [UInt8] = []
  private let write: (([UInt8]) -> Void)?

  /// How long a block becomes, and how much text is copied into that of what it is a part of.
  static let byteCount = 64 << 10

  init(_ write: (([UInt8]) -> Void)? = nil) {
    self.write = write
  }

  /// Appends a string, which is written in blocks too.
  func append(_ string: String) { JSONValue.write(string, to: &bytes) { pass(&$0) } }

  /// To be called between parts.
  func pass() { pass(&bytes) }

  private func pass(_ bytes: inout [UInt8]) {
    guard let write, bytes.count >= Self.byteCount else { return }
    write(bytes)
    bytes.removeAll(keepingCapacity: true)
  }
}

/// A value whose parts arrive one by one.
private final class JSONTextEncoder: Encoder {
  private struct Part {
    /// The name, in an object.
    let name: String
    /// Where its text is.
    let range: Range<Int>
    /// What is there in place of text.
    var rest: Rest?
  }

  private indirect enum Rest {
    /// A long part, or one of which more may arrive.
    case node(JSONTextEncoder)
    /// One that is encoded when it is its turn.
    case value(any Encodable)
    /// A long string.
    case string(String)
    /// One that is in memory anyway: its text may be a hundred times as long.
    case json(JSONValue)
  }

  private enum Form { case value, array, object }

  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private let isIndented: Bool
  private var depth: Int
  /// What comes before the value, if it is written as it is encoded.
  private let target: TextBlock?
  private var form = Form.value
  /// The texts of all parts one after another.
  private let text = TextBlock()
  private var parts: [Part] = []
  /// Where the text of the last part ends.
  private var textEnd = 0
  /// How many items of an array are written.
  private var writtenCount = 0
  /// What the last part was encoded with, for the next one: of many small parts, each would allocate its own.
  private var spare: JSONTextEncoder?

  var count: Int { writtenCount + parts.count }

  init(isIndented: Bool, depth: Int, target: TextBlock? = nil) {
    self.isIndented = isIndented
    self.depth = depth
    self.target = target
  }

  func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
    form = .object
    return KeyedEncodingContainer(Members(node: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    form = .array
    return Items(node: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(node: self) }

  // MARK: - Parts

  /// Ends a part, whose text is there or follows from the rest.
  private func endPart(named name: String, _ rest: Rest? = nil) {
    let end = text.bytes.count
    parts.append(Part(name: name, range: textEnd..<end, rest: rest))
    textEnd = end
  }

  func add(_ literal: String, named name: String = "") {
    text.bytes.append(contentsOf: literal.utf8)
    endPart(named: name)
  }

  func add(string: String, named name: String = "") {
    let isLong = string.utf8.count >= TextBlock.byteCount
    if !isLong { JSONValue.write(string, to: &text.bytes) }
    endPart(named: name, isLong ? .string(string) : nil)
  }

  func add(number: Double, _ digits: String, named name: String = "") throws {
    try Self.write(number, digits, to: &text.bytes)
    endPart(named: name)
  }

  private static func write(_ number: Double, _ digits: String, to bytes: inout [UInt8]) throws {
    guard number.isFinite else {
      throw EncodingError.invalidValue(
        number, EncodingError.Context(codingPath: [], debugDescription: "JSON has no number \(number)."))
    }
    bytes.append(contentsOf: digits.utf8)
    let end = bytes.count
    if bytes[end - 1] == UInt8(ascii: "0"), bytes[end - 2] == UInt8(ascii: ".") { bytes.removeLast(2) }
  }

  /// Adds an array of what has no parts: one by one, each item would be asked for its type.
  private func add<Item>(
    items: [Item], named name: String, _ write: (Item, inout [UInt8]) throws -> Void
  ) rethrows {
    try append(items, form == .value ? depth : depth + 1, to: &text.bytes, write)
    endPart(named: name)
  }

  private func append<Item>(
    _ items: [Item], _ depth: Int, to bytes: inout [UInt8], _ write: (Item, inout [UInt8]) throws -> Void
  ) rethrows {
    for (number, item) in items.enumerated() {
      beginPart(number, .array, depth, in: &bytes)
      try write(item, &bytes)
    }
    end(.array, isEmpty: items.isEmpty, depth, in: &bytes)
  }

  func add<Value: Encodable>(_ value: Value, named name: String = "") throws {
    // The items of an array arrive here whatever they are.
    if Value.self == Double.self, let number = value as? Double {
      return try add(number: number, number.description, named: name)
    }
    if Value.self == Int.self, let number = value as? Int { return add(String(number), named: name) }
    if Value.self == String.self, let string = value as? String { return add(string: string, named: name) }
    if Value.self == [Double].self, let numbers = value as? [Double] {
      return try add(items: numbers, named: name) { try Self.write($0, $0.description, to: &$1) }
    }
    if Value.self == [Int].self, let numbers = value as? [Int] {
      return add(items: numbers, named: name) { $1.append(contentsOf: String($0).utf8) }
    }
    if Value.self == JSONValue.self, let json = value as? JSONValue { return endPart(named: name, .json(json)) }
    if Value.self == JSONObject.self, let members = value as? JSONObject {
      return endPart(named: name, .json(.object(members)))
    }
    if target != nil, form != .array {
      endPart(named: name, .value(value))
      return
    }
    var node = spare.take() ?? JSONTextEncoder(isIndented: isIndented, depth: 0)
    node.depth = form == .value ? depth : depth + 1
    try value.encode(to: node)
    if let target, parts.isEmpty {
      beginPart(writtenCount, form, depth, in: &target.bytes)
      try node.finish(into: target)
      target.pass()
      writtenCount += 1
    } else {
      let isLong = node.text.bytes.count >= TextBlock.byteCount || node.parts.contains { $0.rest != nil }
      if !isLong { try node.finish(into: text) }
      endPart(named: name, isLong ? .node(node) : nil)
      if isLong { return }
    }
    // The value's own code may have kept it.
    guard isKnownUniquelyReferenced(&node) else { return }
    node.clear()
    spare = node
  }

  private func clear() {
    form = .value
    text.bytes.removeAll(keepingCapacity: true)
    parts.removeAll(keepingCapacity: true)
    textEnd = 0
    writtenCount = 0
  }

  func open(named name: String = "") -> JSONTextEncoder {
    let node = JSONTextEncoder(isIndented: isIndented, depth: depth + 1)
    endPart(named: name, .node(node))
    return node
  }

  // MARK: - Text

  /// Writes what is not written yet, when all parts have arrived.
  func finish(into target: TextBlock) throws {
    guard form != .value else {
      guard let part = parts.first else { return target.bytes.append(contentsOf: "{}".utf8) }
      return try write(part, to: target, depth)
    }
    if form == .object { parts.sort { $0.name < $1.name } }
    for (number, part) in parts.enumerated() {
      beginPart(writtenCount + number, form, depth, in: &target.bytes)
      if form == .object { writeName(part.name, to: target) }
      try write(part, to: target, depth + 1)
      target.pass()
    }
    end(form, isEmpty: count == 0, depth, in: &target.bytes)
  }

  private func write(_ part: Part, to target: TextBlock, _ depth: Int) throws {
    switch part.rest {
    case nil: target.bytes.append(contentsOf: text.bytes[part.range])
    case .node(let node): try node.finish(into: target)
    case .string(let string): target.append(string)
    case .json(let json): try write(json, to: target, depth)
    case .value(let value):
      let node = JSONTextEncoder(isIndented: isIndented, depth: depth, target: target)
      try value.encode(to: node)
      try node.finish(into: target)
    }
  }

  private func write(_ json: JSONValue, to target: TextBlock, _ depth: Int) throws {
    switch json {
    case .array(let items):
      for (number, item) in items.enumerated() {
        beginPart(number, .array, depth, in: &target.bytes)
        try write(item, to: target, depth + 1)
        target.pass()
      }
      end(.array, isEmpty: items.isEmpty, depth, in: &target.bytes)
    case .object(let members):
      for (number, member) in members.sorted(by: { $0.name < $1.name }).enumerated() {
        beginPart(number, .object, depth, in: &target.bytes)
        writeName(member.name, to: target)
        try write(member.value, to: target, depth + 1)
        target.pass()
      }
      end(.object, isEmpty: members.isEmpty, depth, in: &target.bytes)
    case .number(let number): try Self.write(number, number.description, to: &target.bytes)
    case .string(let string): target.append(string)
    case .null, .bool, .integer: json.write(to: &target.bytes)
    }
  }

  private func writeName(_ name: String, to target: TextBlock) {
    JSONValue.write(name, to: &target.bytes)
    target.bytes.append(contentsOf: (isIndented ? " : " : ":").utf8)
  }

  private func beginPart(_ number: Int, _ form: Form, _ depth: Int, in bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: number > 0 ? "," : form == .array ? "[" : "{"))
    beginLine(depth + 1, in: &bytes)
  }

  private func end(_ form: Form, isEmpty: Bool, _ depth: Int, in bytes: inout [UInt8]) {
    if isEmpty {
      bytes.append(UInt8(ascii: form == .array ? "[" : "{"))
      if isIndented { bytes.append(UInt8(ascii: "\n")) }
    }
    beginLine(depth, in: &bytes)
    bytes.append(UInt8(ascii: form == .array ? "]" : "}"))
  }

  private func beginLine(_ depth: Int, in bytes: inout [UInt8]) {
    guard isIndented else { return }
    bytes.append(contentsOf: Self.line[...min(2 * depth, Self.line.count - 1)])
    for _ in Self.line.count - 1..<max(2 * depth, Self.line.count - 1) { bytes.append(UInt8(ascii: " ")) }
  }

  /// The beginning of a line, as deep as JSON that was read.
  private static let line = [UInt8(ascii: "\n")] + [UInt8](repeating: UInt8(ascii: " "), count: 520)
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: JSONTextEncoder
  var codingPath: [any CodingKey] { [] }

  func encodeNil(forKey key: Key) { node.add("null", named: key.stringValue) }
  func encode(_ value: Bool, forKey key: Key) { node.add(value ? "true" : "false", named: key.stringValue) }
  func encode(_ value: String, forKey key: Key) { node.add(string: value, named: key.stringValue) }
  func encode(_ value: Int, forKey key: Key) { node.add(String(value), named: key.stringValue) }
  func encode(_ value: Double, forKey key: Key) throws {
    try node.add(number: value, value.description, named: key.stringValue)
  }
  func encode(_ value: Float, forKey key: Key) throws {
    try node.add(number: Double(value), value.description, named: key.stringValue)
  }
  func encode(_ value: some Encodable, forKey key: Key) throws { try node.add(value, named: key.stringValue) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested>
  {
    node.open(named: key.stringValue).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    node.open(named: key.stringValue).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { node.open(named: "super") }
  func superEncoder(forKey key: Key) -> any Encoder { node.open(named: key.stringValue) }
}

private struct Items: UnkeyedEncodingContainer {
  let node: JSONTextEncoder
  var codingPath: [any CodingKey] { [] }
  var count: Int { node.count }

  func encodeNil() { node.add("null") }
  func encode(_ value: Bool) { node.add(value ? "true" : "false") }
  func encode(_ value: String) { node.add(string: value) }
  func encode(_ value: Int) { node.add(String(value)) }
  func encode(_ value: Double) throws { try node.add(number: value, value.description) }
  func encode(_ value: Float) throws { try node.add(number: Double(value), value.description) }
  func encode(_ value: some Encodable) throws { try node.add(value) }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    node.open().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.open().unkeyedContainer() }
  func superEncoder() -> any Encoder { node.open() }
}

private struct Single: SingleValueEncodingContainer {
  let node: JSONTextEncoder
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { node.add("null") }
  func encode(_ value: Bool) { node.add(value ? "true" : "false") }
  func encode(_ value: String) { node.add(string: value) }
  func encode(_ value: Double) throws { try node.add(number: value, value.description) }
  func encode(_ value: Float) throws { try node.add(number: Double(value), value.description) }
  func encode(_ value: Int) { node.add(String(value)) }
  func encode(_ value: Int8) { node.add(String(value)) }
  func encode(_ value: Int16) { node.add(String(value)) }
  func encode(_ value: Int32) { node.add(String(value)) }
  func encode(_ value: Int64) { node.add(String(value)) }
  func encode(_ value: UInt) { node.add(String(value)) }
  func encode(_ value: UInt8) { node.add(String(value)) }
  func encode(_ value: UInt16) { node.add(String(value)) }
  func encode(_ value: UInt32) { node.add(String(value)) }
  func encode(_ value: UInt64) { node.add(String(value)) }
  func encode(_ value: some Encodable) throws { try node.add(value) }
}
