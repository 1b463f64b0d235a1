/// Two tensors of one type and shape, compared box by box by as many threads as there are.
struct Comparison: Sendable {
  /// What is known without reading elements.
  private let values: Difference.Values
  private let tensors: [Tensor]
  private let grid: ElementGrid?

  /// How many pairs of tensors are compared together.
  static let blockCount = 4096

  init(_ name: String, _ first: Tensor, _ second: Tensor) throws {
    let differing = try Self.differingParts(first.composition, second.composition)
    let isRead = first.composition?.hasElements != false && differing == 0
    values = Difference.Values(
      name: name, elements: isRead ? 0 : first.composition?.hasElements == true ? first.elementCount : differing,
      of: first.elementCount)
    guard isRead, first.elementCount > 0 else { (tensors, grid) = ([], nil); return }
    tensors = [first, second].map { $0.elementType.elementsPerByte > 1 ? $0.packedBytes() : $0 }
    for tensor in tensors { try tensor.requireNoExpansion() }
    grid = ElementGrid(tensors)
  }

  /// What several comparisons find.
  ///
  /// Boxes of equal bytes are only compared. Those of tensors that differ elsewhere are read once more, for the norms.
  ///
  /// - Parameter read: Called with the bytes of both tensors in each box that was read, and their name.
  static func values(
    of comparisons: [Comparison], _ read: @Sendable (_ byteCount: Int, _ name: String) -> Void = { _, _ in }
  ) throws -> [Difference.Values] {
    let boxes = comparisons.enumerated().flatMap { place, each in (0..<(each.grid?.count ?? 0)).map { (place, $0) } }
    let storageSums = StorageSums()
    for comparison in comparisons { comparison.expectSums(storageSums) }
    var found = try concurrentMap(boxes) { place, box in
      defer { read(comparisons[place].byteCount(ofBox: box), comparisons[place].values.name) }
      return try comparisons[place].sums(box, storageSums)
    }
    try storageSums.confirm()
    let differing = Set(zip(boxes, found).lazy.filter { $1 != nil }.map { $0.0.0 })
    let rest = boxes.indices.filter {
      found[$0] == nil && differing.contains(boxes[$0].0) && comparisons[boxes[$0].0].isReal
    }
    let norms = try concurrentMap(rest) { try comparisons[boxes[$0].0].sums(boxes[$0].1, nil) }
    for (place, sums) in zip(rest, norms) { found[place] = sums }
    var sums = [PairSums](repeating: PairSums(), count: comparisons.count)
    for ((place, _), part) in zip(boxes, found) { if let part { sums[place].add(part) } }
    return zip(comparisons, sums).map { $0.values.adding($1, isReal: $0.isReal) }
  }

  /// The bytes of a box in both tensors.
  private func byteCount(ofBox number: Int) -> Int {
    guard let grid, let type = tensors.first?.elementType else { return 0 }
    return 2 * grid[number].shape.reduce(type.byteCount, *)
  }

  /// Whether elements are real numbers.
  private var isReal: Bool { tensors.first.map { $0.elementType.part == $0.elementType } ?? false }

  private func expectSums(_ sums: StorageSums) {
    for tensor in tensors where tensor.storage.origin.checksOnUse && tensor.coversStorage {
      sums.expect(tensor.storage)
    }
  }

  /// How many components differ in form or values, one more if an attribute does.
  private static func differingParts(_ first: Composition?, _ second: Composition?) throws -> Int {
    guard let first, let second else { return 0 }
    let differing = try zip(first.components, second.components).count { one, other in
      if one.role != other.role || one.tensor.elementType != other.tensor.elementType
        || one.tensor.shape != other.tensor.shape
      {
        return true
      }
      return try Difference(
        between: StateDict([(one.role, one.tensor)]), and: StateDict([(one.role, other.tensor)])
      ).same == 0
    }
    return differing + abs(first.components.count - second.components.count)
      + (first.attributes == second.attributes ? 0 : 1)
  }

  /// The sums over a box of both tensors, a window at a time.
  ///
  /// - Parameter storageSums: Takes in the bytes of the box; nil if it has them already.
  /// - Returns: The sums; nil if the bytes are equal and it was read for the first time.
  private func sums(_ number: Int, _ storageSums: StorageSums?) throws -> PairSums? {
    guard let grid else { return nil }
    let box = grid[number]
    let readers = try zip(tensors, grid.walks).map { try BoxReader($0, $1) }
    for (reader, tensor) in zip(readers, tensors) {
      if let storageSums { try storageSums.enter(reader, box, of: tensor) } else { try reader.enter(box) }
    }
    let type = tensors[0].elementType
    func forEachWindow(
      while isGoingOn: () -> Bool = { true }, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws {
      try grid.forEachWindow(box, upTo: Tensor.windowByteCount / 4 / type.byteCount) { range, _ in
        guard isGoingOn() else { return }
        try unsafe readers[0].withBytes(range) { left in
          try unsafe readers[1].withBytes(range) { right in unsafe body(left, right) }
        }
      }
    }
    if storageSums != nil {
      var isEqual = true
      try unsafe forEachWindow(while: { isEqual }) { unsafe isEqual = $0.isEqual(to: $1) }
      if isEqual { return nil }
    }
    var sums = PairSums()
    try unsafe forEachWindow { unsafe sums.add($0, $1, type) }
    return sums
  }
}

extension Difference.Values {
  /// These values with what was found in the elements.
  fileprivate func adding(_ sums: PairSums, isReal: Bool) -> Difference.Values {
    var values = self
    values.elements += sums.differing
    guard isReal, of > 0, sums.distances.isFinite else { return values }
    values.maximum = sums.largest
    values.mean = sums.distances / Double(of)
    let (first, second) = (sums.first.squareRoot(), sums.second.squareRoot())
    guard first.isFinite, second.isFinite else { return values }
    if first > 0 { values.relativeL2 = sums.squares.squareRoot() / first }
    if first > 0, second > 0 { values.cosine = min(max(sums.products / first / second, -1), 1) }
    return values
  }
}
