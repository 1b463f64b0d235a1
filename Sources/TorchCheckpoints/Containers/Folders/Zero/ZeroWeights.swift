import StateDicts

/// The full weights of a ZeRO checkpoint, from the vectors of its ranks.
///
///     stages 1, 2     rank 0 │ rank 1 │ …           one vector of all parameters, cut anywhere; padding at its end
///     stage 3         a0 b0 c0 │ a1 b1 c1 │ …       each parameter cut in equal parts, the last one padded
struct ZeroWeights {
  private(set) var tensors: [NamedTensor] = []
  private var places: [ExactName: Int] = [:]

  subscript(name: String) -> Tensor? { places[ExactName(name)].map { tensors[$0].tensor } }

  /// Sets a tensor; a name that is there keeps its place, as in Python.
  mutating func set(_ name: String, _ tensor: Tensor) {
    let item = NamedTensor(name: name, tensor: tensor)
    if let place = places[ExactName(name)] {
      tensors[place] = item
    } else {
      places[ExactName(name)] = tensors.count
      tensors.append(item)
    }
  }

  /// Adds parameters that were not trained, in the type that they were used in: of stage 3 each rank has a part, the last
  /// one padded; otherwise there is one part that is all.
  mutating func addFrozen(_ models: [ZeroModelState], _ shapes: [ZeroModelState.Shape]) throws(CheckpointError) {
    for (name, sizes) in shapes {
      let fragments = models.compactMap { $0.frozen[ExactName(name)] }
      guard fragments.count == models.count, let first = fragments.first else {
        throw CheckpointError(.missingRecord, "The frozen parameter \(name) has no fragment in one of the files.")
      }
      if models.count == 1, first.shape == sizes {
        set(name, first)
        continue
      }
      try set(name, join(fragments, sizes, name))
    }
  }

  /// Adds what stages 1 and 2 have: for each group of parameters a vector, cut in one part for each rank.
  mutating func addFlat(
    _ ranks: [[Tensor]], _ shapes: [[ZeroModelState.Shape]]
  ) throws(CheckpointError) {
    guard let first = ranks.first, ranks.allSatisfy({ $0.count == first.count }), first.count == shapes.count else {
      throw CheckpointError.malformedTensor(
        "The ranks have \(ranks.map(\.count)) groups of weights, and param_shapes has \(shapes.count).")
    }
    for (number, group) in shapes.enumerated() {
      let vector = Vector(ranks.map { $0[number] })
      var offset = 0
      for (name, sizes) in group {
        let range = try vector.range(from: offset, sizes, name)
        try set(name, join(vector.parts(range), sizes, name))
        offset = range.upperBound
      }
      // Both counts differ by paddings, less than this together.
      try requireAll(offset, of: vector.count, alignment: 2 * ranks.count)
    }
  }

  /// Adds what stage 3 has: of each parameter every rank has a part of equal size.
  mutating func addPartitioned(
    _ ranks: [[Tensor]], _ shapes: [ZeroModelState.Shape]
  ) throws(CheckpointError) {
    let vectors = ranks.map(Vector.init)
    var offset = 0
    for (name, sizes) in shapes {
      let count = try TensorGeometry(stated: sizes).elementCount
      let share = count / ranks.count + (count % ranks.count == 0 ? 0 : 1)
      var parts: [Tensor] = []
      for vector in vectors {
        let range = try vector.range(from: offset, [share], name)
        parts += try vector.parts(range)
      }
      try set(name, join(parts, sizes, name))
      offset += share
    }
    for vector in vectors { try requireAll(offset, of: vector.count, alignment: 1) }
  }

  private func requireAll(_ used: Int, of count: Int, alignment: Int) throws(CheckpointError) {
    func aligned(_ value: Int) -> Int { value / alignment + (value % alignment == 0 ? 0 : 1) }
    guard aligned(used) == aligned(count) else {
      throw CheckpointError.malformedTensor(
        "The shapes of the parameters need \(used) elements, but the ranks have \(count).")
    }
  }

  /// Puts the parts of a parameter together, without the padding behind them.
  private func join(_ parts: [Tensor], _ sizes: [Int], _ name: String) throws(CheckpointError) -> Tensor {
    var rest = try TensorGeometry(stated: sizes).elementCount
    var kept: [Tensor] = []
    for part in parts where rest > 0 {
      guard part.shape.count == 1, part.composition == nil else {
        throw CheckpointError.malformedTensor("\(name): a part of it is not a vector.")
      }
      let count = min(part.elementCount, rest)
      try kept.append(count == part.elementCount ? part : part.elements(0..<count))
      rest -= count
    }
    return try Tensor.joined(
      kept, shape: sizes, elementType: parts.first?.elementType ?? .float32, name: name)
  }

  /// Vectors one after another.
  private struct Vector {
    private let pieces: [Tensor]
    /// Where each begins; the last number is the end.
    private let starts: [Int]

    var count: Int { starts[pieces.count] }

    init(_ pieces: [Tensor]) {
      self.pieces = pieces
      // Sizes of tensors that lie in files do not add up to 2^63.
      starts = pieces.reduce(into: [0]) { $0.append(($0.last ?? 0) &+ $1.elementCount) }
    }

    /// - Throws: `missingRecord` for elements behind the end.
    func range(from offset: Int, _ sizes: [Int], _ name: String) throws(CheckpointError) -> Range<Int> {
      let count = try TensorGeometry(stated: sizes).elementCount
      guard offset <= self.count, count <= self.count - offset else {
        throw CheckpointError(
          .missingRecord, "\(name) needs \(count) elements from \(offset), but there are only \(self.count).")
      }
      return offset..<offset + count
    }

    func parts(_ range: Range<Int>) throws(CheckpointError) -> [Tensor] {
      var low = 0
      var high = pieces.count
      while low + 1 < high {
        let middle = (low + high) / 2
        if starts[middle] <= range.lowerBound { low = middle } else { high = middle }
      }
      var parts: [Tensor] = []
      while low < pieces.count, starts[low] < range.upperBound {
        let common = range.clamped(to: starts[low]..<starts[low + 1])
        if !common.isEmpty {
          try parts.append(pieces[low].elements(common.lowerBound - starts[low]..<common.upperBound - starts[low]))
        }
        low += 1
      }
      return parts
    }
  }
}
