extension Difference {
  /// What makes tensors candidates for one another.
  private struct Likeness: Hashable {
    let elementType: ElementType
    let shape: [Int]
    let kind: Composition.Kind?
    /// A few elements; empty before they are read.
    var samples: [[UInt8]] = []

    init(_ tensor: Tensor) {
      (elementType, shape, kind) = (tensor.elementType, tensor.shape, tensor.composition?.kind)
    }
  }

  /// How often tensors with the same samples are paired in another way if their bytes are not equal.
  private static let roundCount = 4

  /// Pairs tensors that have no counterpart of their name by equal bytes.
  ///
  /// Only tensors whose dtype and shape occur on both sides are read: a few elements first, and all of those that agree in
  /// them. Of several equal ones the first are paired.
  static func renamed(
    _ first: [StateDict.Element], _ second: [StateDict.Element], _ read: @Sendable (Int, String) -> Void
  ) throws -> [Renamed] {
    let common = Set(first.map { Likeness($0.tensor) }).intersection(second.map { Likeness($0.tensor) })
    func candidates(_ tensors: [StateDict.Element]) throws -> [Likeness: [StateDict.Element]] {
      let tensors = tensors.filter {
        common.contains(Likeness($0.tensor)) && $0.tensor.composition?.hasElements != false
      }
      let samples = try concurrentMap(tensors) { try $0.tensor.samples() }
      let likenesses = zip(tensors, samples).map { element, samples in
        var likeness = Likeness(element.tensor)
        likeness.samples = samples
        return (likeness, element)
      }
      return Dictionary(grouping: likenesses, by: \.0).mapValues { $0.map(\.1) }
    }
    var (left, waiting) = (try candidates(first), try candidates(second))
    var found: [ExactName: Renamed] = [:]
    for round in 0..<roundCount {
      var pairs: [(likeness: Likeness, from: StateDict.Element, to: StateDict.Element)] = []
      for (likeness, names) in left {
        let others = waiting[likeness] ?? []
        let (count, limit) = (min(names.count, others.count), max(names.count, others.count))
        guard count > 0, round < limit else { continue }
        for place in 0..<count {
          let other = (place + round) % limit
          pairs.append(
            names.count > count ? (likeness, names[other], others[place]) : (likeness, names[place], others[other]))
        }
      }
      guard !pairs.isEmpty else { break }
      let values = try Comparison.values(
        of: pairs.map { try Comparison($0.from.name, $0.from.tensor, $0.to.tensor) }, read)
      for (pair, value) in zip(pairs, values) where value.elements == 0 {
        found[ExactName(pair.from.name)] = Renamed(from: pair.from.name, to: pair.to.name)
        left[pair.likeness]?.removeAll { ExactName($0.name) == ExactName(pair.from.name) }
        waiting[pair.likeness]?.removeAll { ExactName($0.name) == ExactName(pair.to.name) }
      }
    }
    return first.compactMap { found[ExactName($0.name)] }
  }
}
