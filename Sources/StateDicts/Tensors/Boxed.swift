/// A value in memory of its own: what few of many items have takes eight bytes in the others.
package indirect enum Boxed<Value> {
  case value(Value)

  package init(_ value: Value) { self = .value(value) }

  /// The value.
  package var value: Value {
    switch self {
    case .value(let value): value
    }
  }
}

extension Boxed: Sendable where Value: Sendable {}

extension Boxed: Encodable where Value: Encodable {
  package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
