import StateDicts

/// The tensors of a checkpoint outside its state dict, and the names of those inside.
struct Remainder {
  /// For each tensor of the state dict, its name in the checkpoint.
  private(set) var originalNames: [String] = []
  /// The others, each with the reason why it is no part of the state dict.
  private(set) var leftOut: [LeftOut] = []

  private let key: String
  private let values: TorchValues

  /// - Parameters:
  ///   - listed: What `inspect` lists.
  ///   - found: The tensors of the state dict, by their paths from it.
  ///   - key: The path to the state dict.
  init(of listed: [NamedTensor], beside found: [NamedTensor], under key: String, in values: TorchValues) {
    self.key = key
    self.values = values
    let prefix = key.isEmpty ? "" : key + "."
    var others: [NamedTensor] = []
    var unmatched: [Int] = []
    originalNames.reserveCapacity(found.count)
    // Both are in the order of the file, so one pass matches nearly all.
    var next = 0
    for (place, item) in found.enumerated() {
      let name = item.name.isEmpty ? key : prefix + item.name
      var end = next
      while end < listed.count, !Self.isSame(listed[end].name, name) { end += 1 }
      originalNames.append(name)
      guard end < listed.count else {
        unmatched.append(place)
        continue
      }
      others += listed[next..<end]
      next = end + 1
    }
    others += listed[next...]
    if !unmatched.isEmpty { match(unmatched, of: found, to: &others) }
    describe(others)
  }

  private static func isSame(_ left: String, _ right: String) -> Bool { ExactName(left) == ExactName(right) }

  /// A container that the file shares is listed under the first path to it.
  private mutating func match(_ places: [Int], of found: [NamedTensor], to others: inout [NamedTensor]) {
    var byName: [ExactName: Int] = [:]
    var byTie: [Tensor.Tie: [Int]] = [:]
    for (index, other) in others.enumerated() {
      byName[ExactName(other.name)] = index
      if let tie = other.tensor.tie { byTie[tie, default: []].append(index) }
    }
    var taken = Set<Int>()
    for place in places {
      let sameTie = found[place].tensor.tie.flatMap { byTie[$0] } ?? []
      let index = byName[ExactName(originalNames[place])] ?? sameTie.first { !taken.contains($0) }
      guard let index, taken.insert(index).inserted else { continue }
      originalNames[place] = others[index].name
    }
    others = others.indices.filter { !taken.contains($0) }.map { others[$0] }
  }

  private mutating func describe(_ others: [NamedTensor]) {
    var part = ""
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
        let place = key.isEmpty ? "" : " under \(key)"
        leftOut.append(LeftOut(item.name, reason: "not in the state dict\(place); use --key \(part)", key: part))
      }
    }
  }

  /// The shortest path to a value that holds the tensor of a name and not the state dict; empty for one inside the
  /// state dict.
  private func part(of name: String) -> String {
    let isInside = key.isEmpty || name.utf8.starts(with: (key + ".").utf8)
    var end = name.startIndex
    // A name of many dots is not worth more steps than these.
    for _ in 0..<32 {
      guard let dot = name[end...].firstIndex(of: ".") else { break }
      let path = String(name[..<dot])
      end = name.index(after: dot)
      if key == path || key.utf8.starts(with: (path + ".").utf8) { continue }
      guard let id = values.resolve(path, from: values.pickle.root) else { continue }
      let last = isInside && !key.isEmpty ? String(path.dropFirst(key.count + 1)) : path
      if isInside, !values.isTrainingState(last, id) { continue }
      return path
    }
    return isInside ? "" : name
  }
}
