extension Difference {
  /// A change of one tensor's form that makes it equal to another.
  public struct Equality: Sendable, Equatable, Encodable {
    /// The order of its dimensions, as torch's `permute` takes it; nil if they stay as they are.
    public let permutation: [Int]?
    /// The dtype to which it is converted; nil if it stays what it is.
    public let cast: ElementType?

    package init(permutation: [Int]?, cast: ElementType?) {
      (self.permutation, self.cast) = (permutation, cast)
    }
  }
}

extension Difference.Equality: CustomStringConvertible {
  /// `equal after permuting [0, 2, 3, 1]`, `equal after a cast to float16`, or both.
  public var description: String {
    let parts = [permutation.map { "permuting \($0)" }, cast.map { "a cast to \($0)" }].compactMap { $0 }
    return "equal after " + parts.joined(separator: " and ")
  }
}

extension Difference.Equality {
  /// The most dimensions whose orders are tried; there are 120 orders of five.
  private static let rankLimit = 5
  /// The most orders of one tensor that are compared as a whole.
  private static let comparisonLimit = 4

  /// For each pair of tensors how the first becomes equal to the second, if it does.
  ///
  /// Orders are tried on a few elements. Only if those agree are the tensors compared as a whole.
  static func found(_ pairs: [(first: Tensor, second: Tensor)]) throws -> [Self?] {
    var candidates = try concurrentMap(pairs) { try Self.candidates($0.first, $0.second) }
    var found = [Self?](repeating: nil, count: pairs.count)
    while let most = candidates.map(\.count).max(), most > 0 {
      let places = candidates.indices.filter { !candidates[$0].isEmpty }
      let tried = places.map { candidates[$0].removeFirst() }
      let values = try Comparison.values(
        of: zip(places, tried).map { try Comparison("", $1.applied(to: pairs[$0].first), pairs[$0].second) })
      for ((place, candidate), value) in zip(zip(places, tried), values) where value.elements == 0 {
        found[place] = candidate
        candidates[place] = []
      }
    }
    return found
  }

  /// Changes that fit the shapes and dtypes, and a few elements.
  private static func candidates(_ first: Tensor, _ second: Tensor) throws -> [Self] {
    let (one, other) = (first.elementType, second.elementType)
    guard first.composition == nil, second.composition == nil, first.elementCount == second.elementCount,
      first.elementCount > 0, first.shape.count == second.shape.count,
      one == other || one.isFloatingPoint && other.isFloatingPoint && ElementCast(from: one, to: other) != nil,
      !first.isExpandedBeyondLimit, !second.isExpandedBeyondLimit
    else { return [] }
    let cast = one == other ? nil : other
    var wanted: [[UInt8]] = []
    var candidates: [Self] = []
    for axes in orders(of: first.shape, as: second.shape) {
      let isIdentity = axes == Array(axes.indices)
      let candidate = Self(permutation: isIdentity ? nil : axes, cast: cast)
      guard !isIdentity || cast != nil else { continue }
      let changed = try candidate.applied(to: first)
      let fits = try (0..<Tensor.sampleCount).allSatisfy { number in
        if number == wanted.count { try wanted.append(second.sample(number)) }
        return try changed.sample(number) == wanted[number]
      }
      if fits { candidates.append(candidate) }
      if candidates.count == comparisonLimit { break }
    }
    return candidates
  }

  /// The orders of dimensions that make one shape of another, the one that changes nothing first.
  private static func orders(of shape: [Int], as target: [Int]) -> [[Int]] {
    guard shape.count <= rankLimit else { return shape == target ? [Array(shape.indices)] : [] }
    var orders: [[Int]] = [[]]
    for size in target {
      orders = orders.flatMap { order in
        shape.indices.filter { shape[$0] == size && !order.contains($0) }.map { order + [$0] }
      }
    }
    return orders
  }

  private func applied(to tensor: Tensor) throws(CheckpointError) -> Tensor {
    let permuted = try permutation.map { axes throws(CheckpointError) in try tensor.permuted(axes) } ?? tensor
    return try cast.map { type throws(CheckpointError) in try permuted.converted(to: type) } ?? permuted
  }
}

extension Tensor {
  /// How many elements are looked at before all of a tensor is read.
  static let sampleCount = 16

  /// The bytes of an element: its place depends on the number of elements and of the sample only.
  func sample(_ number: Int) throws -> [UInt8] {
    guard elementCount > 0 else { return [] }
    if elementType.elementsPerByte > 1 { return try packedBytes().sample(number) }
    // Multiples of the golden ratio lie apart from each other.
    let place = UInt64(truncatingIfNeeded: number + 1) &* 0x9E37_79B9_7F4A_7C15
    var rest = Int(truncatingIfNeeded: place.multipliedFullWidth(by: UInt64(elementCount)).high)
    // A quantized tensor's integers are narrowed without their scale.
    var element = Tensor(
      elementType: elementType, geometry: geometry, storage: storage, pendingOperations: pendingOperations)
    for axis in shape.indices.reversed() {
      element = try element.narrowed(axis, rest % shape[axis]..<rest % shape[axis] + 1)
      rest /= shape[axis]
    }
    return try unsafe element.withUnsafeBytes { unsafe Array($0) }
  }

  /// A few elements.
  func samples() throws -> [[UInt8]] { try (0..<Self.sampleCount).map { try sample($0) } }
}
