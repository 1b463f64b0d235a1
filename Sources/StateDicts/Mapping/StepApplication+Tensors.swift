extension StepApplication {
  /// The state dict after the step.
  ///
  /// - Throws: `malformedMap` where shapes or dtypes do not fit, `nameCollision`.
  func apply(_ moves: [Move]) throws(CheckpointError) -> StateDict {
    var moveOfFirst: [Int: Move] = [:]
    var taken = Set<Int>()
    for move in moves {
      taken.formUnion(move.sources)
      if let first = move.sources.min() { moveOfFirst[first] = move }
    }
    var elements: [StateDict.Derived] = []
    elements.reserveCapacity(stateDict.count)
    var made: [[Tensor.Tie]: [Made]] = [:]
    for (position, element) in stateDict.enumerated() {
      guard let move = moveOfFirst[position] else {
        if !taken.contains(position) {
          elements.append(.init(name: element.name, tensor: element.tensor, positions: [position], change: nil))
        }
        continue
      }
      guard !move.results.isEmpty else { continue }
      let results = try results(of: move, &made)
      for (name, result) in zip(move.results, results) {
        elements.append(.init(name: name, tensor: result.tensor, positions: move.sources, change: result.change))
      }
    }
    try requireNames(elements)
    let map: KeyMap? = if case .rename(let map) = step { map } else { nil }
    return try stateDict.deriving(elements, leavingOut: leftOutReason, renaming: { map?.apply(to: $0) ?? $0 })
  }

  private var leftOutReason: String {
    if case .keep = step { "not kept (--keep or a map)" } else { "dropped (--drop or a map)" }
  }

  /// Refuses names of which two become one.
  private func requireNames(_ elements: [StateDict.Derived]) throws(CheckpointError) {
    if case .rename(let map) = step {
      do throws(CheckpointError) {
        try map.refuseCollisions(among: stateDict.names)
      } catch {
        throw self.error(error.message, .nameCollision, remedy: error.remedy)
      }
    }
    var table = NameTable(capacity: elements.count)
    for element in elements {
      let (place, isNew) = table.insert(element.name)
      guard !isNew else { continue }
      let sources = [elements[place], element].map { $0.positions.map { stateDict.names[$0] }.joined(separator: ", ") }
      throw error(
        "two tensors would be named \(element.name): one of \(sources[0]), and one of \(sources[1]).", .nameCollision)
    }
  }

  /// A tensor that a step makes.
  struct Made {
    let tensor: Tensor
    let change: TensorOrigin.Change?
  }

  /// The tensors that become of those of a move; tied tensors become tied ones.
  private func results(of move: Move, _ made: inout [[Tensor.Tie]: [Made]]) throws(CheckpointError) -> [Made] {
    let sources = move.sources.map { stateDict.tensors[$0] }
    if case .rename = step { return sources.map { Made(tensor: $0, change: nil) } }
    for (position, tensor) in zip(move.sources, sources) {
      if let composition = tensor.composition {
        throw error(
          "\(stateDict.names[position]) is a \(composition.kind.rawValue) tensor, which can only be renamed or left out.",
          remedy: "write its parts as tensors of their own with --decompose (decomposed())")
      }
    }
    let requiresGrad = sources.contains(where: \.requiresGrad)
    let key = sources.compactMap(\.tie)
    let known = made[key]
    let results = if let known { known } else { try make(move, sources, requiresGrad) }
    made[key] = results
    return results.map { Made(tensor: $0.tensor.requiringGrad(requiresGrad), change: $0.change) }
  }

  private func make(_ move: Move, _ sources: [Tensor], _ requiresGrad: Bool) throws(CheckpointError) -> [Made] {
    guard let tensor = sources.first, let position = move.sources.first else { return [] }
    let name = stateDict.names[position]
    switch step {
    case .keep, .drop, .rename: return sources.map { Made(tensor: $0, change: nil) }
    case .cast(_, let type):
      guard ElementCast(from: tensor.elementType, to: type) != nil else {
        throw error(
          "\(name) is \(tensor.elementType), which cannot be converted.", remedy: "name the tensors to convert")
      }
      try requireNoExpansion(tensor, name)
      return [Made(tensor: try tensor.converted(to: type), change: .cast(from: tensor.elementType, to: type))]
    case .permute(_, let axes):
      let axes = try order(axes, of: tensor, name)
      return [Made(tensor: try tensor.permuted(axes), change: .permute(axes: axes))]
    case .reshape(_, let shape):
      let shape = try size(shape, of: tensor, name)
      if tensor.geometry.reshaped(shape) == nil { try requireNoExpansion(tensor, name) }
      return [Made(tensor: try tensor.reshaped(shape), change: .reshape(shape: shape))]
    case .split(_, let dimension, let into, let sizes):
      let axis = try axis(dimension, of: tensor, name)
      return try parts(tensor, axis, into.count, sizes, name)
    case .unstack(_, let dimension, _):
      let axis = try axis(dimension, of: tensor, name)
      var made: [Made] = []
      for index in move.results.indices {
        made.append(Made(tensor: try tensor.selected(axis, index), change: .index(dimension: axis, index)))
      }
      return made
    case .concat(_, let dimension, _):
      let axis = try axis(dimension, of: tensor, name)
      return [
        Made(
          tensor: try join(move, sources, axis, isStack: false, requiresGrad),
          change: sources.count > 1 ? .concat(dimension: axis) : nil)
      ]
    case .stack(_, let dimension, _):
      let axis = try axis(dimension, of: tensor, name, added: 1)
      return [
        Made(tensor: try join(move, sources, axis, isStack: true, requiresGrad), change: .stack(dimension: axis))
      ]
    }
  }

  /// The order of dimensions that a step names, each counted from 0.
  private func order(_ axes: [Int], of tensor: Tensor, _ name: String) throws(CheckpointError) -> [Int] {
    let rank = tensor.shape.count
    let order = axes.map { $0 < 0 ? $0 + rank : $0 }
    guard order.sorted() == Array(0..<rank) else {
      throw error("\(name) has shape \(tensor.shape): axes must name each of its \(rank) dimensions once.")
    }
    return order
  }

  /// The shape that a step names, with the size that was left open.
  private func size(_ shape: [Int], of tensor: Tensor, _ name: String) throws(CheckpointError) -> [Int] {
    let open = shape.indices.filter { shape[$0] == -1 }
    let mismatch = error(
      "\(name) of shape \(tensor.shape) has \(tensor.elementCount) elements, which \(shape) does not hold.")
    var count = 1
    for size in shape where size != -1 {
      guard size >= 0, let product = count.times(size) else { throw mismatch }
      count = product
    }
    guard open.count <= 1 else { throw error("only one size of \(shape) may be -1.") }
    guard let place = open.first else {
      if count != tensor.elementCount { throw mismatch }
      return shape
    }
    guard count > 0, tensor.elementCount % count == 0 else { throw mismatch }
    var shape = shape
    shape[place] = tensor.elementCount / count
    return shape
  }

  private func parts(
    _ tensor: Tensor, _ axis: Int, _ count: Int, _ sizes: [Int]?, _ name: String
  ) throws(CheckpointError) -> [Made] {
    let total = tensor.shape[axis]
    var sum = 0
    for size in sizes ?? [] {
      guard size >= 0, let next = sum.plus(size) else { throw error("a size of \(size).") }
      sum = next
    }
    if sizes == nil, total % count != 0 {
      throw error(
        "dimension \(axis) of \(name), shape \(tensor.shape), cannot be split into \(count) equal parts.",
        remedy: "give the sizes of the parts: \"sizes\": [ … ]")
    }
    if sizes != nil, sum != total {
      throw error("the sizes add up to \(sum), but dimension \(axis) of \(name), shape \(tensor.shape), has \(total).")
    }
    var made: [Made] = []
    var start = 0
    for size in sizes ?? [Int](repeating: total / count, count: count) {
      let range = start..<start + size
      made.append(Made(tensor: try tensor.narrowed(axis, range), change: .part(dimension: axis, range: range)))
      start += size
    }
    return made
  }

  private func join(
    _ move: Move, _ sources: [Tensor], _ axis: Int, isStack: Bool, _ requiresGrad: Bool
  ) throws(CheckpointError) -> Tensor {
    guard let first = sources.first else { throw error("there is nothing to join.") }
    var parts: [Tensor] = []
    for (position, tensor) in zip(move.sources, sources) {
      let name = stateDict.names[position]
      var (expected, shape) = (first.shape, tensor.shape)
      if !isStack, shape.count == expected.count { (expected[axis], shape[axis]) = (0, 0) }
      guard shape == expected, tensor.elementType == first.elementType else {
        throw error(
          "\(stateDict.names[move.sources[0]]) (\(first)) and \(name) (\(tensor)) do not join along dimension \(axis).",
          remedy: tensor.elementType == first.elementType ? nil : "convert them to one dtype first, with a cast step")
      }
      try requireNoExpansion(tensor, name)
      // A view that repeats elements is written out, as it would be by itself.
      let whole = tensor.byteCount > tensor.storage.byteCount ? tensor.gathered(as: tensor.shape) : tensor
      parts.append(isStack ? try whole.unsqueezed(axis) : whole)
    }
    return try Tensor.joined(parts, axis: axis, requiresGrad: requiresGrad, name: move.results.first ?? "")
  }

  private func requireNoExpansion(_ tensor: Tensor, _ name: String) throws(CheckpointError) {
    if tensor.isExpandedBeyondLimit {
      throw error(
        "\(name) is a view of \(tensor.storage.byteCount) bytes that is expanded to \(tensor.byteCount) bytes.",
        .limitExceeded)
    }
  }
}
