/// Where a tensor of a state dict comes from: names in its file, and what was done with their tensors.
public struct TensorOrigin: Sendable, Hashable {
  /// A change of a tensor.
  public enum Change: Sendable, Hashable {
    /// Elements were converted to another dtype.
    case cast(from: ElementType, to: ElementType)
    /// Dimensions were put in another order.
    case permute(axes: [Int])
    /// The shape was changed, with elements in the same order.
    case reshape(shape: [Int])
    /// A range of one dimension was taken.
    case part(dimension: Int, range: Range<Int>)
    /// An index of one dimension was taken, which is gone.
    case index(dimension: Int, Int)
    /// Several tensors were concatenated.
    case concat(dimension: Int)
    /// Several tensors were stacked along a new dimension.
    case stack(dimension: Int)
  }

  /// The names under which `inspect` lists the tensors; several for a tensor that was joined.
  public let names: [String]
  /// The changes, in order; of joined tensors, those of all of them before they were joined.
  public let changes: [Change]

  /// Returns the origin after one more change.
  func adding(_ change: Change?) -> TensorOrigin {
    change.map { TensorOrigin(names: names, changes: changes + [$0]) } ?? self
  }

  /// Returns the origin of a tensor that is joined of several.
  static func joined(_ origins: [TensorOrigin]) -> TensorOrigin {
    var changes: [Change] = []
    var seen = Set<Change>()
    for origin in origins { for change in origin.changes where seen.insert(change).inserted { changes.append(change) } }
    return TensorOrigin(names: origins.flatMap(\.names), changes: origins.count == 1 ? origins[0].changes : changes)
  }
}

extension StateDict {
  /// Returns where the tensor at a position comes from.
  public func origin(at position: Int) -> TensorOrigin {
    changedOrigins[position] ?? TensorOrigin(names: [originalNames[position]], changes: [])
  }
}

extension TensorOrigin.Change {
  /// The change as JSON, with the key of the step that makes it.
  package var json: JSONValue {
    func object(_ members: (String, JSONValue)...) -> JSONValue {
      .object(JSONObject(members))
    }
    func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map(JSONValue.integer)) }
    return switch self {
    case .cast(let from, let to): object(("cast", .string(from.rawValue)), ("to", .string(to.rawValue)))
    case .permute(let axes): object(("permute", list(axes)))
    case .reshape(let shape): object(("reshape", list(shape)))
    case .part(let dimension, let range):
      object(("split", list([range.lowerBound, range.upperBound])), ("dim", .integer(dimension)))
    case .index(let dimension, let index): object(("unstack", .integer(index)), ("dim", .integer(dimension)))
    case .concat(let dimension): object(("concat", .integer(dimension)))
    case .stack(let dimension): object(("stack", .integer(dimension)))
    }
  }
}

extension TensorOrigin.Change: CustomStringConvertible {
  /// The change in a few words.
  public var description: String {
    switch self {
    case .cast(let from, let to): "cast from \(from) to \(to)"
    case .permute(let axes): "permuted \(axes)"
    case .reshape(let shape): "reshaped to \(shape)"
    case .part(let dimension, let range): "\(range.lowerBound)..<\(range.upperBound) of dimension \(dimension)"
    case .index(let dimension, let index): "index \(index) of dimension \(dimension)"
    case .concat(let dimension): "concatenated along dimension \(dimension)"
    case .stack(let dimension): "stacked along dimension \(dimension)"
    }
  }
}
