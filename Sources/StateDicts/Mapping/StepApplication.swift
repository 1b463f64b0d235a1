/// A step of a map, applied to a state dict: checked by names, dtypes and shapes before anything is read.
struct StepApplication {
  let step: TensorMap.Step
  /// Counted from 0.
  let number: Int
  let stateDict: StateDict

  /// What becomes of tensors that the step takes: of one some, or of several one.
  struct Move: Hashable {
    /// Their positions; several are joined in this order.
    let sources: [Int]
    /// The names of the results.
    let results: [String]
  }

  func error(
    _ message: String, _ code: CheckpointError.Code = .malformedMap, details: [String] = [], remedy: String? = nil
  ) -> CheckpointError {
    TensorMap.error(code, step: number, step, message, details: details, remedy: remedy)
  }

  private var names: [String] { stateDict.names }

  // MARK: - Names

  /// What becomes of which tensors; those that are not in any move stay as they are.
  ///
  /// - Throws: `malformedMap` if a name of the step matches nothing, or what belongs together is not complete.
  func moves() throws(CheckpointError) -> [Move] {
    switch step {
    case .keep(let patterns):
      let kept = Set(try select(patterns))
      return stateDict.indices.filter { !kept.contains($0) }.map { Move(sources: [$0], results: []) }
    case .drop(let patterns): return try select(patterns).map { Move(sources: [$0], results: []) }
    case .rename(let map):
      var moves: [Move] = []
      for (position, name) in names.enumerated() {
        let renamed = map.apply(to: name)
        if ExactName(renamed) != ExactName(name) { moves.append(Move(sources: [position], results: [renamed])) }
      }
      // A line that renames a tensor to its own name matches.
      if moves.isEmpty, map.withoutEffect(on: names).count == map.renamings.count {
        throw noMatch(map.renamings.map(\.from))
      }
      return moves
    case .cast(let patterns, let type):
      let matched = try select(patterns)
      let numbers = matched.filter { stateDict.tensors[$0].elementType.isFloatingPoint }
      guard !numbers.isEmpty else { throw error("no floating-point tensor matches.", remedy: Self.namesRemedy) }
      return numbers.filter { stateDict.tensors[$0].elementType != type }.map {
        Move(sources: [$0], results: [names[$0]])
      }
    case .permute(let patterns, _), .reshape(let patterns, _):
      return try select(patterns).map { Move(sources: [$0], results: [names[$0]]) }
    case .split(let pattern, _, let into, _):
      var moves: [Move] = []
      for (position, name) in names.enumerated() {
        guard let captures = pattern.captures(in: name) else { continue }
        moves.append(Move(sources: [position], results: into.map { $0.filled(with: captures) }))
      }
      if moves.isEmpty { throw noMatch([pattern]) }
      return moves
    case .concat(let parts, _, let into): return try concatenations(parts, into)
    case .stack(let pattern, _, let into): return try stacks(pattern, into)
    case .unstack(let pattern, let dimension, let into):
      var moves: [Move] = []
      var count = 0
      for (position, name) in names.enumerated() {
        guard let captures = pattern.captures(in: name) else { continue }
        let tensor = stateDict.tensors[position]
        let size = tensor.shape[try axis(dimension, of: tensor, name)]
        // A shape with a 0 can state any number beside it.
        guard size > 0, size <= Self.resultLimit - count else {
          throw error("\(name) of shape \(tensor.shape) cannot become \(size) tensors.", .limitExceeded)
        }
        count += size
        moves.append(Move(sources: [position], results: (0..<size).map { into.filled(with: captures, number: $0) }))
      }
      if moves.isEmpty { throw noMatch([pattern]) }
      return moves
    }
  }

  /// More tensors than any model has.
  private static let resultLimit = 1 << 20

  private static let namesRemedy = "--dry-run without this step lists the names and dtypes at this point"

  private func noMatch(_ patterns: [NamePattern]) -> CheckpointError {
    let texts = patterns.prefix(3).map(\.text).joined(separator: ", ") + (patterns.count > 3 ? ", …" : "")
    return error("no tensor's name matches \(texts).", remedy: Self.namesRemedy)
  }

  /// The positions of the names that one of the patterns matches; each pattern matches one at least.
  private func select(_ patterns: [NamePattern]) throws(CheckpointError) -> [Int] {
    var selected = Set<Int>()
    for pattern in patterns {
      let matched: [Int]
      if pattern.starCount == 0 {
        matched = stateDict.position(of: pattern.text).map { [$0] } ?? []
      } else {
        matched = names.indices.filter { pattern.matches(names[$0]) }
      }
      if matched.isEmpty { throw noMatch([pattern]) }
      selected.formUnion(matched)
    }
    return selected.sorted()
  }

  private func concatenations(_ parts: [NamePattern], _ into: NamePattern) throws(CheckpointError) -> [Move] {
    guard let first = parts.first else { throw noMatch([]) }
    var moves: [Move] = []
    var owner: [Int: Int] = [:]
    for (position, name) in names.enumerated() {
      guard let captures = first.captures(in: name) else { continue }
      var sources = [position]
      for part in parts.dropFirst() {
        let other = part.filled(with: captures)
        guard let found = stateDict.position(of: other) else { throw error("there is \(name), but no \(other).") }
        sources.append(found)
      }
      for source in sources {
        if owner.updateValue(moves.count, forKey: source) != nil {
          throw error("\(names[source]) would be used twice.")
        }
      }
      moves.append(Move(sources: sources, results: [into.filled(with: captures)]))
    }
    for part in parts {
      for (position, name) in names.enumerated() where owner[position] == nil {
        guard let captures = part.captures(in: name) else { continue }
        throw error("there is \(name), but no \(first.filled(with: captures)).")
      }
    }
    if moves.isEmpty { throw noMatch(parts) }
    return moves
  }

  private func stacks(_ pattern: NumberedPattern, _ into: NamePattern) throws(CheckpointError) -> [Move] {
    var groups: [[ExactName]: Int] = [:]
    var members: [(stars: [Substring], numbers: [Int: Int])] = []
    for (position, name) in names.enumerated() {
      guard let (stars, number) = pattern.captures(in: name) else { continue }
      let key = stars.map { ExactName(String($0)) }
      let group = groups[key] ?? members.count
      if group == members.count {
        groups[key] = group
        members.append((stars, [:]))
      }
      members[group].numbers[number] = position
    }
    if members.isEmpty { throw noMatch([NamePattern(pattern.text)]) }
    var moves: [Move] = []
    for (stars, numbers) in members {
      var sources: [Int] = []
      for number in 0..<numbers.count {
        guard let position = numbers[number] else {
          throw error("\(pattern.filled(with: stars, number: number)) is missing; numbers count from 0 without gaps.")
        }
        sources.append(position)
      }
      moves.append(Move(sources: sources, results: [into.filled(with: stars)]))
    }
    return moves
  }

  /// A dimension that may be counted from the last.
  func axis(_ dimension: Int, of tensor: Tensor, _ name: String, added: Int = 0) throws(CheckpointError) -> Int {
    let rank = tensor.shape.count + added
    guard dimension >= -rank, dimension < rank else {
      throw error("\(name) of shape \(tensor.shape) has no dimension \(dimension).")
    }
    return dimension < 0 ? dimension + rank : dimension
  }
}
