import StateDicts

/// What instructions do to containers and objects.
extension PickleMachine {
  mutating func append(_ ids: [Pickle.ID]) throws(CheckpointError) {
    let target = try top()
    switch self[target] {
    case .list(let index): self[target] = .list(extend(index, with: ids))
    case .object(let index): objects[index].items = extend(objects[index].items, with: ids)
    default: throw malformed("APPEND to a value that is not a list.")
    }
  }

  mutating func add(_ ids: [Pickle.ID]) throws(CheckpointError) {
    let target = try top()
    try requireHashable(ids[...])
    switch self[target] {
    case .set(let index): self[target] = .set(extend(index, with: ids))
    case .object(let index): objects[index].items = extend(objects[index].items, with: ids)
    default: throw malformed("ADDITEMS to a value that is not a set.")
    }
  }

  mutating func set(_ ids: [Pickle.ID]) throws(CheckpointError) {
    let target = try top()
    try requirePairs(ids)
    switch self[target] {
    case .dict(let index): self[target] = .dict(extend(index, with: ids))
    case .object(let index): objects[index].entries = extend(objects[index].entries, with: ids)
    default: throw malformed("SETITEM on a value that is not a dict.")
    }
  }

  private mutating func extend(_ index: Int, with ids: [Pickle.ID]) -> Int {
    guard index >= 0 else { return sequence(ids) }
    costs.sequenceItemCount += ids.count
    sequences[index].append(contentsOf: ids)
    return index
  }

  mutating func build(_ state: Pickle.ID) throws(CheckpointError) {
    guard case .object(let index) = try self[top()] else {
      throw malformed("BUILD on a value that is not an object.")
    }
    if let earlier = objects[index].state {
      stack += [earlier, state]
      try pushTuple(ofLast: 2)
      objects[index].state = try pop()
    } else {
      objects[index].state = state
    }
  }

  func requirePairs(_ ids: [Pickle.ID]) throws(CheckpointError) {
    guard ids.count % 2 == 0 else { throw malformed("A key has no value.") }
    for place in stride(from: 0, to: ids.count, by: 2) { try requireHashable(ids[place...place]) }
  }

  func requireHashable(_ ids: ArraySlice<Pickle.ID>) throws(CheckpointError) {
    for id in ids {
      switch self[id] {
      case .list, .dict, .set, .bytearray: throw unhashable()
      case .tuple(let start, let count):
        // Python looks through tuples in tuples too; this finds what is not there by intent.
        for part in items[start..<start + min(Int(count), 16)] {
          switch self[part] {
          case .list, .dict, .set, .bytearray: throw unhashable()
          default: continue
          }
        }
      default: continue
      }
    }
  }

  @inline(never)
  func unhashable() -> CheckpointError { malformed("A key is mutable, which Python cannot hash.") }
}
