public import StateDicts

extension CheckpointValue: DecodableValue {
  /// Whether this is Python's `None`.
  public var isNull: Bool { if case .none? = try? kind { true } else { false } }
  /// The Boolean; nil for other values.
  public var boolValue: Bool? { if case .bool(let value)? = try? kind { value } else { nil } }
  /// The integer; nil for other values and for integers of more than 64 bits.
  public var intValue: Int? { if case .integer(let value)? = try? kind { value } else { nil } }
  /// The number, which may be an integer; nil for other values.
  public var doubleValue: Double? {
    switch try? kind {
    case .integer(let value)?: Double(value)
    case .float(let value)?: value
    default: nil
    }
  }
  /// The string; nil for other values.
  public var stringValue: String? { if case .string(let value)? = try? kind { value } else { nil } }
  /// The items of a list, tuple or set; nil for other values.
  public var arrayValue: [CheckpointValue]? {
    switch try? kind {
    case .list(let items)?, .tuple(let items)?, .set(let items)?: items
    // Pickles of protocol 2, as torch writes them, call the class with a list.
    case .object("builtins.set", let parts)?, .object("__builtin__.set", let parts)?,
      .object("builtins.frozenset", let parts)?, .object("__builtin__.frozenset", let parts)?:
      parts.first?[0]?.arrayValue ?? []
    default: nil
    }
  }
  /// The tensor; nil for other values and for a tensor that is malformed.
  public var tensorValue: Tensor? { if case .tensor(let tensor)? = try? kind { tensor } else { nil } }

  /// The item at an index of a list, tuple or set; nil for other values.
  public subscript(index: Int) -> CheckpointValue? {
    arrayValue.flatMap { $0.indices.contains(index) ? $0[index] : nil }
  }

  /// The entries of a mapping, with keys as by Python's `str`, or the attributes of an object; nil for other values.
  package var members: [(name: String, value: CheckpointValue)]? {
    (values.mapping(at: id) ?? values.attributes(of: id))?.map { (values.pickle.keyText($0.key), at($0.value)) }
  }

  /// Returns a value of a `Decodable` type, such as a struct of hyper-parameters.
  ///
  /// Dictionaries are decoded from mappings and structs from mappings or from the attributes of objects, such as an
  /// `argparse.Namespace`; arrays are decoded from lists, tuples and sets.
  ///
  /// - Throws: `DecodingError`, with the path of the value that does not fit.
  public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try ValueDecoder(self).decode(type)
  }
}
