/// A JSON value whose objects keep their order.
///
///     let value: JSONValue = ["epoch": 90, "betas": [0.9, 0.999]]
///     value["epoch"]?.intValue                         // 90
///     value["betas"]?[1]?.doubleValue                  // 0.999
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

// MARK: - Access

extension JSONValue {
  /// Whether this is null.
  public var isNull: Bool { self == .null }
  /// The Boolean; nil for other values.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The integer; nil for other values, including numbers with a fraction or an exponent.
  public var intValue: Int? { if case .integer(let value) = self { value } else { nil } }
  /// The number, which may be an integer; nil for other values.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  /// The string; nil for other values.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }
  /// The items of an array; nil for other values.
  public var arrayValue: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
  /// The members of an object; nil for other values.
  public var objectValue: JSONObject? { if case .object(let members) = self { members } else { nil } }

  /// The value of the first member with a name; nil if this is not an object that has one.
  public subscript(name: String) -> JSONValue? { objectValue?[name] }

  /// The item at an index; nil if this is not an array that has one.
  public subscript(index: Int) -> JSONValue? {
    arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
  }
}

// MARK: - Literals

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// Creates a string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// Creates an integer.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// Creates a number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// Creates a Boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Creates an array.
  public init(arrayLiteral items: JSONValue...) { self = .array(items) }
  /// Creates an object.
  public init(dictionaryLiteral members: (String, JSONValue)...) { self = .object(JSONObject(members)) }
}
