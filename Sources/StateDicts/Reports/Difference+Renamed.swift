extension Difference {
  /// What makes tensors candidates for one another.
  private struct Likeness: Hashable {
    let elementType: ElementType
    let shape: [Int]
    let kind: Composition.Kind?
    /// Nil before it is known.
    var crc32: UInt32?

    init(_ tensor: Tensor) {
      (elementType, shape, kind) = (tensor.elementType, tensor.shape, tensor.composition?.kind)
    }
  }

  /// Pairs tensors that have no counterpart of their name by equal bytes.
  ///
  /// Only tensors whose dtype and shape occur on both sides are read. Of several equal ones the first are paired.
  static func renamed(
    _ first: [(name: String, tensor: Tensor)], _ second: [(name: String, tensor: Tensor)]
  ) throws -> [Renamed] {
    let common = Set(first.map { Likeness($0.tensor) }).intersection(second.map { Likeness($0.tensor) })
    func likenesses(of tensors: [(name: String, tensor: Tensor)]) throws -> [(
      likeness: Likeness, name: String, tensor: Tensor
    )] {
      let candidates = tensors.filter {
        common.contains(Likeness($0.tensor)) && $0.tensor.composition?.hasElements != false
      }
      let sums = try concurrentMap(candidates, largestFirst: { $0.tensor.byteCount }) { try $0.tensor.wholeChecksum() }
      return zip(candidates, sums).map { candidate, sum in
        var likeness = Likeness(candidate.tensor)
        likeness.crc32 = sum?.value
        return (likeness, candidate.name, candidate.tensor)
      }
    }
    var waiting = Dictionary(grouping: try likenesses(of: second).reversed(), by: \.likeness)
    let pairs = try likenesses(of: first).compactMap { likeness, name, tensor in
      waiting[likeness]?.popLast().map { (from: (name, tensor), to: ($0.name, $0.tensor)) }
    }
    // Equal sums are no proof.
    let values = try Comparison.values(of: pairs.map { try Comparison($0.from.0, $0.from.1, $0.to.1) })
    return zip(pairs, values).filter { $1.elements == 0 }.map { Renamed(from: $0.0.from.0, to: $0.0.to.0) }
  }
}
