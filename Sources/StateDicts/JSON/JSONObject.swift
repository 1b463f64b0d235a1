/// The members of a JSON object, in order.
///
///     var values: JSONObject = ["epoch": 90, "arch": "resnet50"]
///     values["epoch"]?.intValue                        // 90
///     values["lr"] = 0.1
///     for (name, value) in values { … }
///
/// Names are compared by their bytes. JSON text may repeat a name; then the first member counts.
public struct JSONObject: Sendable {
  /// A name and its value.
  public typealias Element = (name: String, value: JSONValue)

  private var members: [Element] = []

  /// Creates an empty object.
  public init() {}

  /// Creates an object with members in order.
  public init(_ members: some Sequence<(String, JSONValue)>) {
    self.members = members.map { (name: $0, value: $1) }
  }

  /// The value of the first member with a name.
  ///
  /// A new name is added at the end, and nil removes all members with the name.
  ///
  /// - Complexity: O(number of members).
  public subscript(name: String) -> JSONValue? {
    get { place(of: name).map { members[$0].value } }
    set {
      if let newValue, let place = place(of: name) {
        members[place].value = newValue
      } else if let newValue {
        append(name, newValue)
      } else {
        members.removeAll { ExactName($0.name) == ExactName(name) }
      }
    }
  }

  private func place(of name: String) -> Int? { members.firstIndex { ExactName($0.name) == ExactName(name) } }

  /// Adds a member at the end without a search for its name.
  ///
  /// - Complexity: O(1).
  public mutating func append(_ name: String, _ value: JSONValue) { members.append((name, value)) }

  /// Returns the members of one object and then those of another.
  public static func + (first: JSONObject, second: JSONObject) -> JSONObject {
    var result = first
    result.members += second.members
    return result
  }

  /// Returns the members that satisfy a predicate, in order.
  public func filter(_ isIncluded: (Element) throws -> Bool) rethrows -> JSONObject {
    var result = JSONObject()
    result.members = try members.filter(isIncluded)
    return result
  }

  /// Returns the members with their values transformed.
  package func mapValues(_ transform: (_ name: String, _ value: JSONValue) -> JSONValue) -> JSONObject {
    JSONObject(members.map { ($0.name, transform($0.name, $0.value)) })
  }
}

extension JSONObject: RandomAccessCollection, ExpressibleByDictionaryLiteral {
  /// The first position.
  public var startIndex: Int { 0 }
  /// The position after the last member.
  public var endIndex: Int { members.count }
  /// The name and value at a position.
  public subscript(position: Int) -> Element { members[position] }

  /// Creates an object with members in order.
  public init(dictionaryLiteral members: (String, JSONValue)...) { self.init(members) }
}

extension JSONObject: Equatable, Encodable {
  /// Whether both have the same members in the same order.
  public static func == (left: Self, right: Self) -> Bool {
    left.elementsEqual(right) { ExactName($0.name) == ExactName($1.name) && $0.value == $1.value }
  }

  /// Encodes the members; the encoder determines their order.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for (name, value) in members { try container.encode(value, forKey: Name(stringValue: name)) }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
