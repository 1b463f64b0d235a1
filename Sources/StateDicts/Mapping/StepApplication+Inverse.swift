extension StepApplication {
  /// The steps that undo a step, or why there are none.
  enum Inverse {
    case steps([TensorMap.Step])
    case none(String)
  }

  /// What undoes the step: with its patterns where they match afterwards what the step made and nothing else, otherwise
  /// with whole names.
  func inverse(_ moves: [Move], after: StateDict) -> Inverse {
    switch step {
    case .keep, .drop:
      return moves.isEmpty ? .steps([]) : .none("it leaves out \(moves.count) tensors")
    case .rename(let map):
      if map.irreversible(among: stateDict.names).isEmpty { return .steps([.rename(map.inverse)]) }
      return whole(moves.flatMap(\.results)) {
        [
          .rename(
            KeyMap(
              moves.compactMap { move in
                try? KeyMap.Renaming(
                  from: NamePattern(move.results[0]), to: NamePattern(stateDict.names[move.sources[0]]))
              }))
        ]
      }
    case .cast(let patterns, let type): return inverseOfCast(moves, patterns, type, after)
    case .permute(let patterns, let axes):
      let order = axes.map { $0 < 0 ? $0 + axes.count : $0 }
      return .steps([.permute(patterns, axes: order.indices.map { order.firstIndex(of: $0) ?? $0 })])
    case .reshape(let patterns, _):
      let groups = grouped(moves) { stateDict.tensors[$0.sources[0]].shape }
      if groups.count == 1 { return .steps([.reshape(patterns, shape: groups[0].key)]) }
      return whole(moves.flatMap(\.results)) {
        groups.map { .reshape($0.moves.map { NamePattern($0.results[0]) }, shape: $0.key) }
      }
    case .split(let pattern, let dimension, let into, _):
      return verified([.concat(into, dimension: dimension, into: pattern)], moves, after) { move in
        .concat(move.results.map { NamePattern($0) }, dimension: dimension, into: NamePattern(name(move.sources[0])))
      }
    case .concat(let parts, let dimension, let into):
      if let reason = mixedGradients(moves) { return .none(reason) }
      func sizes(_ move: Move) -> [Int] {
        move.sources.map { source in
          let shape = stateDict.tensors[source].shape
          return shape[dimension < 0 ? dimension + shape.count : dimension]
        }
      }
      let groups = grouped(moves, by: sizes)
      let candidate = TensorMap.Step.split(
        into, dimension: dimension, into: parts, sizes: isEqual(groups[0].key) ? nil : groups[0].key)
      return verified(groups.count == 1 ? [candidate] : nil, moves, after) { move in
        .split(
          NamePattern(move.results[0]), dimension: dimension, into: move.sources.map { NamePattern(name($0)) },
          sizes: isEqual(sizes(move)) ? nil : sizes(move))
      }
    case .stack(let pattern, let dimension, let into):
      if let reason = mixedGradients(moves) { return .none(reason) }
      return verified([.unstack(into, dimension: dimension, into: pattern)], moves, after) { move in
        numbered(name(move.sources[0])).map {
          .unstack(NamePattern(move.results[0]), dimension: dimension, into: $0)
        }
      }
    case .unstack(let pattern, let dimension, let into):
      return verified([.stack(into, dimension: dimension, into: pattern)], moves, after) { move in
        numbered(move.results[0]).map { .stack($0, dimension: dimension, into: NamePattern(name(move.sources[0]))) }
      }
    }
  }

  private func name(_ position: Int) -> String { stateDict.names[position] }

  private func isEqual(_ sizes: [Int]) -> Bool { sizes.allSatisfy { $0 == sizes[0] } }

  /// A joined tensor has one `requires_grad`.
  private func mixedGradients(_ moves: [Move]) -> String? {
    let mixed = moves.first { move in Set(move.sources.map { stateDict.tensors[$0].requiresGrad }).count > 1 }
    return mixed.map { "of the tensors of \($0.results[0]), some require gradients and some do not" }
  }

  private func inverseOfCast(
    _ moves: [Move], _ patterns: [NamePattern], _ type: ElementType, _ after: StateDict
  ) -> Inverse {
    let groups = grouped(moves) { stateDict.tensors[$0.sources[0]].elementType }
    if let lossy = groups.first(where: { !type.holdsAll(of: $0.key) }) {
      return .none("\(type) does not hold all values of \(lossy.key)")
    }
    guard let first = groups.first else { return .steps([]) }
    let back = StepApplication(step: .cast(patterns, to: first.key), number: number, stateDict: after)
    if groups.count == 1, let moved = try? back.moves(), moved.flatMap(\.results) == moves.flatMap(\.results) {
      return .steps([back.step])
    }
    return whole(moves.flatMap(\.results)) {
      groups.map { .cast($0.moves.map { NamePattern($0.results[0]) }, to: $0.key) }
    }
  }

  private func grouped<Key: Hashable>(_ moves: [Move], by key: (Move) -> Key) -> [(key: Key, moves: [Move])] {
    var groups: [(key: Key, moves: [Move])] = []
    var places: [Key: Int] = [:]
    for move in moves {
      let key = key(move)
      if let place = places[key] {
        groups[place].moves.append(move)
      } else {
        places[key] = groups.count
        groups.append((key, [move]))
      }
    }
    return groups
  }

  /// Steps that name tensors, which no pattern can where a name has a star.
  private func whole(_ names: [String], _ steps: () -> [TensorMap.Step]) -> Inverse {
    if let starred = names.first(where: { NamePattern($0).starCount > 0 }) {
      return .none("the name \(starred) has a *, which a pattern cannot mean")
    }
    return .steps(steps())
  }

  private struct Names: Hashable {
    let sources: [ExactName]
    let results: [ExactName]
  }

  /// The candidate if it makes of the results the sources again, and does nothing else; otherwise a step for each move.
  private func verified(
    _ candidate: [TensorMap.Step]?, _ moves: [Move], _ after: StateDict, _ single: (Move) -> TensorMap.Step?
  ) -> Inverse {
    let expected = Set(
      moves.map { Names(sources: $0.results.map { ExactName($0) }, results: $0.sources.map { ExactName(name($0)) }) })
    func isInverse(_ steps: [TensorMap.Step]) -> Bool {
      var found = Set<Names>()
      for step in steps {
        guard let moves = try? StepApplication(step: step, number: number, stateDict: after).moves() else {
          return false
        }
        for move in moves {
          let names = Names(
            sources: move.sources.map { ExactName(after.names[$0]) }, results: move.results.map { ExactName($0) })
          found.insert(names)
        }
      }
      return found == expected
    }
    if let candidate, isInverse(candidate) { return .steps(candidate) }
    let steps = moves.compactMap(single)
    if steps.count == moves.count, isInverse(steps) { return .steps(steps) }
    return .none("other names match what would undo it")
  }

  /// A pattern that has its `#` at the last 0 of a name that is a number by itself.
  private func numbered(_ name: String) -> NumberedPattern? {
    let parts = name.split(separator: "0", omittingEmptySubsequences: false)
    for place in parts.indices.dropFirst().reversed() {
      let text = parts[..<place].joined(separator: "0") + "#" + parts[place...].joined(separator: "0")
      if !text.contains("*"), let pattern = try? NumberedPattern(text), pattern.captures(in: name)?.number == 0 {
        return pattern
      }
    }
    return nil
  }
}
