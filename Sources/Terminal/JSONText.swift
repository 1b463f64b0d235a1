import StateDicts

/// The JSON text of a value, with the members of each object in the order of their names.
///
/// The text is that of Foundation's `JSONEncoder`, which makes an object of every value before it writes the first: for a
/// report on 250,000 tensors 170 MiB and 2 s more than this, which keeps nothing but text.
enum JSONText {
  /// Writes the text of a value.
  ///
  /// - Parameters:
  ///   - isIndented: Whether each member and item has a line of its own.
  ///   - write: Called with one block of the text after another, in UTF-8, each of whole characters.
  /// - Throws: `EncodingError` for a number that JSON does not have, and what the value's own encoding throws, before anything
  ///   is written.
  static func write(_ value: some Encodable, isIndented: Bool, by write: ([UInt8]) -> Void) throws {
    let node = JSONTextEncoder(isIndented: isIndented, depth: 0)
    try value.encode(to: node)
    var block: [UInt8] = []
    node.finish(into: &block) { block in
      guard block.count >= JSONTextEncoder.blockByteCount else { return }
      write(block)
      block.removeAll(keepingCapacity: true)
    }
    write(block)
  }
}

/// A value whose parts arrive one by one.
private final class JSONTextEncoder: Encoder {
  private struct Part {
    /// The name, in an object.
    let name: String
    /// Where its text ends.
    let end: Int
    /// A long part, or one of which more may arrive, in place of text.
    var node: JSONTextEncoder?
  }

  private enum Form { case value, array, object }

  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private let isIndented: Bool
  private let depth: Int
  private var form = Form.value
  /// The texts of all parts one after another.
  private var text: [UInt8] = []
  private var parts: [Part] = []

  var count: Int { parts.count }

  /// How much text is copied into that of what it is a part of.
  static let blockByteCount = 64 << 10

  init(isIndented: Bool, depth: Int) {
    self.isIndented = isIndented
    self.depth = depth
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

  func add(_ literal: String, named name: String = "") {
    text.append(contentsOf: literal.utf8)
    parts.append(Part(name: name, end: text.count))
  }

  func add(string: String, named name: String = "") {
    JSONValue.write(string, to: &text)
    parts.append(Part(name: name, end: text.count))
  }

  func add(number: Double, _ digits: String, named name: String = "") throws {
    guard number.isFinite else {
      throw EncodingError.invalidValue(
        number, EncodingError.Context(codingPath: [], debugDescription: "JSON has no number \(number)."))
    }
    add(digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits, named: name)
  }

  func add(_ value: some Encodable, named name: String = "") throws {
    let node = JSONTextEncoder(isIndented: isIndented, depth: form == .value ? depth : depth + 1)
    try value.encode(to: node)
    let isLong = node.text.count >= Self.blockByteCount || node.parts.contains { $0.node != nil }
    if !isLong { node.finish(into: &text) }
    parts.append(Part(name: name, end: text.count, node: isLong ? node : nil))
  }

  func open(named name: String = "") -> JSONTextEncoder {
    let node = JSONTextEncoder(isIndented: isIndented, depth: depth + 1)
    parts.append(Part(name: name, end: text.count, node: node))
    return node
  }

  // MARK: - Text

  /// - Parameter passed: Called after each part.
  func finish(into target: inout [UInt8], _ passed: (inout [UInt8]) -> Void = { _ in }) {
    guard form != .value else {
      if let node = parts.first?.node { return node.finish(into: &target, passed) }
      return target.append(contentsOf: parts.isEmpty ? Array("{}".utf8) : text)
    }
    target.append(UInt8(ascii: form == .array ? "[" : "{"))
    var order = Array(parts.indices)
    if form == .object { order.sort { parts[$0].name < parts[$1].name } }
    for (number, place) in order.enumerated() {
      if number > 0 { target.append(UInt8(ascii: ",")) }
      beginLine(in: &target, depth + 1)
      let part = parts[place]
      if form == .object {
        JSONValue.write(part.name, to: &target)
        target.append(contentsOf: (isIndented ? " : " : ":").utf8)
      }
      if let node = part.node {
        node.finish(into: &target, passed)
      } else {
        target.append(contentsOf: text[(place == 0 ? 0 : parts[place - 1].end)..<part.end])
      }
      passed(&target)
    }
    if parts.isEmpty, isIndented { target.append(UInt8(ascii: "\n")) }
    beginLine(in: &target, depth)
    target.append(UInt8(ascii: form == .array ? "]" : "}"))
  }

  private func beginLine(in target: inout [UInt8], _ depth: Int) {
    guard isIndented else { return }
    target.append(UInt8(ascii: "\n"))
    target.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }
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
