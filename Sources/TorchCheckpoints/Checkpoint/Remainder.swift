import StateDicts

/// The tensors of a checkpoint outside its state dict, and the names of those inside.
struct Remainder {
  /// For each tensor of the state dict, its name in the checkpoint.
  private(set) var originalNames: [String] = []
  /// The others, each with the reason why it is no part of the state dict.
  private(set) var leftOut: [LeftOut] = []

  private let key: String
  private let values: TorchValues
  private var paths: KeyPaths

  /// - Parameters:
  ///   - listed: What `inspect` lists.
  ///   - found: The tensors of the state dict, by their paths from it.
  ///   - key: The path to the state dict.
  /// - Throws: `limitExceeded` for names that are too long together.
  init(
    of listed: [NamedTensor], beside found: [NamedTensor], under key: String, in values: TorchValues,
    limits: CheckpointLimits
  ) throws(CheckpointError) {
    self.key = key
    self.values = values
    paths = KeyPaths(in: values)
    let prefix = key.isEmpty ? "" : key + "."
    var others: [NamedTensor] = []
    var unmatched: [Int] = []
    originalNames.reserveCapacity(found.count)
    // Both are in the order of the file, so the next one is nearly always the same.
    var next = 0
    var places: [ExactName: Int]?
    var names = NameBudget(limits)
    for (number, item) in found.enumerated() {
      let head = item.name.isEmpty ? key : prefix
      if next < listed.count, Self.isSame(listed[next].name, head, item.name) {
        originalNames.append(listed[next].name)
        next += 1
        continue
      }
      try names.add(head.utf8.count + item.name.utf8.count)
      let name = head + item.name
      originalNames.append(name)
      let known = places ?? Self.places(of: listed)
      places = known
      guard let place = known[ExactName(name)], place >= next else {
        unmatched.append(number)
        continue
      }
      others += listed[next..<place]
      next = place + 1
    }
    others += listed[next...]
    if !unmatched.isEmpty { match(unmatched, of: found, to: &others) }
    describe(others)
  }

  /// Whether a name is made of two parts, which are put together only if their length fits.
  private static func isSame(_ name: String, _ head: String, _ tail: String) -> Bool {
    guard name.utf8.count == head.utf8.count + tail.utf8.count else { return false }
    return ExactName(name) == ExactName(head.isEmpty ? tail : head + tail)
  }

  private static func places(of listed: [NamedTensor]) -> [ExactName: Int] {
    Dictionary(zip(listed.lazy.map { ExactName($0.name) }, 0...), uniquingKeysWith: { first, _ in first })
  }

  /// A container that the file shares is listed under the first path to it.
  private mutating func match(_ places: [Int], of found: [NamedTensor], to others: inout [NamedTensor]) {
    var byName: [ExactName: Int] = [:]
    var byTie: [Tensor.Tie: [Int]] = [:]
    for (index, other) in others.enumerated() {
      byName[ExactName(other.name)] = index
    }
    // Last first, so that each is taken from the end.
    for (index, other) in others.enumerated().reversed() {
      if let tie = other.tensor.tie { byTie[tie, default: []].append(index) }
    }
    var taken = Set<Int>()
    func nextTied(_ tensor: Tensor) -> Int? {
      guard let tie = tensor.tie else { return nil }
      while let index = byTie[tie]?.popLast() {
        if !taken.contains(index) { return index }
      }
      return nil
    }
    for place in places {
      let index = byName[ExactName(originalNames[place])] ?? nextTied(found[place].tensor)
      guard let index, taken.insert(index).inserted else { continue }
      originalNames[place] = others[index].name
    }
    others = others.indices.filter { !taken.contains($0) }.map { others[$0] }
  }

  private mutating func describe(_ others: [NamedTensor]) {
    var part = ""
    let place = key.isEmpty ? "" : " under \(key.shortened)"
    for item in others {
      if item.isNumpyScalar {
        leftOut.append(
          LeftOut(item.name, reason: "a numpy scalar, kept as a value"))
        continue
      }
      if part.isEmpty || !(item.name == part || item.name.utf8.starts(with: (part + ".").utf8)) {
        part = self.part(of: item.name)
      }
      if part.isEmpty {
        let isBuffer = item.role == .nonPersistentBuffer
        leftOut.append(
          LeftOut(
            item.name,
            reason: isBuffer
              ? "a non-persistent buffer" : "an attribute, not in the state dict"))
      } else {
        leftOut.append(LeftOut(item.name, reason: "not in the state dict\(place); use --key \(part)", key: part))
      }
    }
  }

  /// The shortest path to a value that holds the tensor of a name and not the state dict; empty for one inside the
  /// state dict.
  private mutating func part(of name: String) -> String {
    let isInside = key.isEmpty || name.utf8.starts(with: (key + ".").utf8)
    var end = name.startIndex
    // A name of many dots is not worth more steps than these, each of which looks at all of the path so far.
    for _ in 0..<12 {
      guard let dot = name[end...].firstIndex(of: ".") else { break }
      let path = String(name[..<dot])
      end = name.index(after: dot)
      if key == path || key.utf8.starts(with: (path + ".").utf8) { continue }
      guard let id = paths.value(at: path) else { continue }
      let last = isInside && !key.isEmpty ? String(path.dropFirst(key.count + 1)) : path
      if isInside, !values.isTrainingState(last, id) { continue }
      return path
    }
    return isInside ? "" : name
  }
}
