/// The differences between two state dicts.
public struct Difference: Sendable, Encodable {
  /// A tensor with the same dtype and shape in both state dicts, but different values.
  public struct Values: Sendable, Encodable {
    /// Its name.
    public let name: String
    /// The number of elements that differ, or of components for a tensor without elements of its own.
    ///
    /// If the scales or zero points of a quantized tensor differ, all elements differ.
    public internal(set) var elements: Int
    /// The total number.
    public let of: Int
    /// The largest absolute difference; nil if elements are not real numbers, or a difference is not finite.
    public internal(set) var maximum: Double?
    /// The mean absolute difference of all elements; nil as the largest.
    public internal(set) var mean: Double?
    /// The L2 norm of the difference divided by that of the first tensor.
    ///
    /// Nil if elements are not real numbers, one is not finite, or the first tensor is zero.
    public internal(set) var relativeL2: Double?
    /// The cosine of the angle between the tensors as vectors; nil as `relativeL2`, and if one of them is zero.
    public internal(set) var cosine: Double?
    /// How the first tensor becomes equal to the second; nil if no change of that kind is found.
    public internal(set) var equality: Equality?

    enum CodingKeys: String, CodingKey {
      case name, elements, of, maximum, mean, cosine
      case relativeL2 = "relative_l2"
      case equality = "equal_after"
    }
  }

  /// A tensor whose dtype or shape differs.
  public struct Form: Sendable, Encodable {
    /// Its name.
    public let name: String
    /// Type and shape in the first.
    public let first: String
    /// Type and shape in the second.
    public let second: String
    /// How the first tensor becomes equal to the second; nil if no change of that kind is found.
    public internal(set) var equality: Equality?

    enum CodingKeys: String, CodingKey {
      case name, first, second
      case equality = "equal_after"
    }
  }

  /// Two names for equal tensors.
  public struct Renamed: Sendable, Equatable, Encodable {
    /// The name in the first.
    public let from: String
    /// The name in the second.
    public let to: String
  }

  /// Names that only the first has.
  public let onlyInFirst: [String]
  /// Names that only the second has.
  public let onlyInSecond: [String]
  /// Tensors that have another name in the second, found by their equal bytes.
  public let renamed: [Renamed]
  /// Tensors whose dtype or shape differs.
  public let forms: [Form]
  /// Tensors whose values differ.
  public let values: [Values]
  /// The number of tensors that are identical bit by bit.
  public let same: Int

  enum CodingKeys: String, CodingKey {
    case renamed, forms, values, same
    case onlyInFirst = "only_in_first"
    case onlyInSecond = "only_in_second"
  }

  /// Whether the state dicts are equal.
  public var isEmpty: Bool {
    onlyInFirst.isEmpty && onlyInSecond.isEmpty && renamed.isEmpty && forms.isEmpty && values.isEmpty
  }

  init(
    between first: StateDict, and second: StateDict, expandedByteCount: Int = 2 << 30,
    progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) throws {
    for stateDict in [first, second] { try RepeatedBytes.require(stateDict.tensors, within: expandedByteCount) }
    let total = first.reduce(0) { sum, element in
      sum + (second[element.name].map { $0.byteCount == element.tensor.byteCount ? 2 * $0.byteCount : 0 } ?? 0)
    }
    let done = ProgressSum(total: total, progress)
    let read = { @Sendable (byteCount: Int, name: String) in done.add(byteCount, name) }
    renamed = try Self.renamed(
      first.filter { name, _ in second[name] == nil }, second.filter { name, _ in first[name] == nil }, { _, _ in })
    let (old, new) = (Set(renamed.map { ExactName($0.from) }), Set(renamed.map { ExactName($0.to) }))
    onlyInFirst = first.names.filter { second[$0] == nil && !old.contains(ExactName($0)) }
    onlyInSecond = second.names.filter { first[$0] == nil && !new.contains(ExactName($0)) }
    var forms: [Form] = []
    var reformed: [(first: Tensor, second: Tensor)] = []
    var pairs: [(first: Int, second: Int)] = []
    for (place, (name, tensor)) in zip(first.indices, first) {
      guard let match = second.position(of: name) else { continue }
      let other = second.tensors[match]
      if tensor.shape != other.shape || tensor.elementType != other.elementType
        || tensor.composition?.kind != other.composition?.kind
      {
        forms.append(Form(name: name, first: tensor.description, second: other.description))
        reformed.append((tensor, other))
      } else {
        pairs.append((place, match))
      }
    }
    var differing: [(values: Values, first: Tensor, second: Tensor)] = []
    for start in stride(from: 0, to: pairs.count, by: Comparison.blockCount) {
      let block = pairs[start..<min(start + Comparison.blockCount, pairs.count)]
      let compared = try Comparison.values(
        of: block.map { try Comparison(first.names[$0.first], first.tensors[$0.first], second.tensors[$0.second]) },
        read)
      for (pair, values) in zip(block, compared) where values.elements > 0 {
        differing.append((values, first.tensors[pair.first], second.tensors[pair.second]))
      }
    }
    let equalities = try Equality.found(reformed + differing.map { ($0.first, $0.second) })
    for (place, equality) in zip(forms.indices, equalities) { forms[place].equality = equality }
    self.forms = forms
    values = zip(differing, equalities.dropFirst(forms.count)).map { found, equality in
      var values = found.values
      values.equality = equality
      return values
    }
    same = pairs.count - values.count
  }
}

extension StateDict {
  /// Compares the names, dtypes, shapes and all bytes with those of another state dict.
  ///
  /// A tensor that differs is tried with its dimensions in other orders and converted to the other's dtype, the most
  /// common reasons for a difference.
  ///
  /// - Parameters:
  ///   - other: The first state dict of the difference, for example of an earlier epoch; this one is the second.
  ///   - expandedByteCount: The largest number of bytes that expanded and overlapping views of either may repeat in total
  ///     (2 GiB), or four times the size of the storages if that is more.
  ///   - progress: Called as bytes of both are read, by any thread.
  /// - Throws: `checksumMismatch` if one is damaged, `limitExceeded` for expanded views.
  public func difference(
    from other: StateDict, expandedByteCount: Int = 2 << 30,
    progress: @escaping @Sendable (ByteProgress) -> Void = { _ in }
  ) throws -> Difference {
    try Difference(between: other, and: self, expandedByteCount: expandedByteCount, progress: progress)
  }
}
