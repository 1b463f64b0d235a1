/// A value that `Decodable` types can be made from: JSON, or a value of a pickle.
package protocol DecodableValue: Sendable {
  var isNull: Bool { get }
  var boolValue: Bool? { get }
  var intValue: Int? { get }
  var doubleValue: Double? { get }
  var stringValue: String? { get }
  var arrayValue: [Self]? { get }
  /// The members of an object; nil for other values.
  var members: [(name: String, value: Self)]? { get }
}

extension JSONValue: DecodableValue {
  package var members: [(name: String, value: JSONValue)]? { objectValue.map(Array.init) }

  /// Returns a value of a `Decodable` type.
  ///
  ///     struct Options: Decodable { let lr: Double }
  ///     let options = try weights.metadata.otherValues["hyper_parameters"]?.decode(Options.self)
  ///
  /// - Throws: `DecodingError`, with the path of the value that does not fit.
  public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try ValueDecoder(self).decode(type)
  }
}

/// Makes `Decodable` types from a value.
///
/// One generic `decode` serves as each of the functions that the containers of `Codable` require, one for each type.
package struct ValueDecoder<Value: DecodableValue>: Decoder, SingleValueDecodingContainer {
  private let value: Value
  package let codingPath: [any CodingKey]
  package var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// How deep a type that contains itself may follow a value that contains itself.
  private static var depthLimit: Int { 128 }

  package init(_ value: Value) { (self.value, codingPath) = (value, []) }

  fileprivate init(_ value: Value, at path: [any CodingKey]) throws {
    guard path.count <= Self.depthLimit else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(codingPath: path, debugDescription: "Values are nested too deeply."))
    }
    (self.value, codingPath) = (value, path)
  }

  package func singleValueContainer() -> any SingleValueDecodingContainer { self }

  package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard let members = value.members else { throw mismatch("an object", type) }
    return KeyedDecodingContainer(Members<Value, Key>(members, at: codingPath))
  }

  package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let items = value.arrayValue else { throw mismatch("an array", [Value].self) }
    return Items(items: items, codingPath: codingPath)
  }

  package func decodeNil() -> Bool { value.isNull }

  package func decode<Result: Decodable>(_ type: Result.Type) throws -> Result {
    let scalar: (any Decodable)?
    switch type {
    case is Bool.Type: scalar = value.boolValue
    case is String.Type: scalar = value.stringValue
    case is Double.Type: scalar = value.doubleValue
    case is Float.Type: scalar = value.doubleValue.map { Float($0) }
    case let type as any (FixedWidthInteger & Decodable).Type: scalar = integer(type)
    default: return try Result(from: self)
    }
    guard let result = scalar as? Result else { throw mismatch("\(type)", type) }
    return result
  }

  private func integer<Number: FixedWidthInteger & Decodable>(_ type: Number.Type) -> (any Decodable)? {
    value.intValue.flatMap { Number(exactly: $0) }
  }

  private func mismatch(_ expected: String, _ type: Any.Type) -> DecodingError {
    let context = DecodingError.Context(codingPath: codingPath, debugDescription: "Expected \(expected).")
    return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }
}

/// The members of an object.
private struct Members<Value: DecodableValue, Key: CodingKey>: KeyedDecodingContainerProtocol {
  let codingPath: [any CodingKey]
  let allKeys: [Key]
  private let values: [ExactName: Value]

  init(_ members: [(name: String, value: Value)], at path: [any CodingKey]) {
    codingPath = path
    allKeys = members.compactMap { Key(stringValue: $0.name) }
    values = Dictionary(members.map { (ExactName($0.name), $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  func contains(_ key: Key) -> Bool { values[ExactName(key.stringValue)] != nil }

  private func decoder(_ key: any CodingKey) throws -> ValueDecoder<Value> {
    guard let member = values[ExactName(key.stringValue)] else {
      throw DecodingError.keyNotFound(
        key, DecodingError.Context(codingPath: codingPath, debugDescription: "No member \(key.stringValue)."))
    }
    return try ValueDecoder(member, at: codingPath + [key])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).decodeNil() }

  func decode<Result: Decodable>(_ type: Result.Type, forKey key: Key) throws -> Result {
    try decoder(key).decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try decoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try decoder(Place("super")) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

/// The items of an array.
private struct Items<Value: DecodableValue>: UnkeyedDecodingContainer {
  let items: [Value]
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(items: [Value], codingPath: [any CodingKey]) { (self.items, self.codingPath) = (items, codingPath) }

  var count: Int? { items.count }
  var isAtEnd: Bool { currentIndex == items.count }

  private func decoder(for type: Any.Type) throws -> ValueDecoder<Value> {
    let path = codingPath + [Place(currentIndex)]
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type, DecodingError.Context(codingPath: path, debugDescription: "The array has \(items.count) items."))
    }
    return try ValueDecoder(items[currentIndex], at: path)
  }

  mutating func decodeNil() throws -> Bool {
    guard try decoder(for: Never.self).decodeNil() else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Result: Decodable>(_ type: Result.Type) throws -> Result {
    let result = try decoder(for: type).decode(type)
    currentIndex += 1
    return result
  }

  mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    let container = try decoder(for: type).container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try decoder(for: [Value].self).unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    defer { currentIndex += 1 }
    return try decoder(for: Never.self)
  }
}

/// A step of a coding path that no type declares.
private struct Place: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ index: Int) { (stringValue, intValue) = ("Index \(index)", index) }
  init(_ name: String) { (stringValue, intValue) = (name, nil) }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { self.init(intValue) }
}
