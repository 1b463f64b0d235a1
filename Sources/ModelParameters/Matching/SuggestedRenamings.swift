public import StateDicts

extension Match {
  /// A renaming that would map unexpected names to missing ones.
  public struct SuggestedRenaming: Hashable, Sendable {
    /// The renaming, for `--rename`.
    public let renaming: KeyMap.Renaming
    /// The number of names that it would map.
    public let nameCount: Int
  }
}

/// Finds renamings of whole branches: `head.fc.weight` left over and `roi_heads.fc.weight` missing, both of one shape,
/// speak for `head.*=roi_heads.*`; the branches that place the most names are suggested.
struct SuggestedRenamings {
  private static let limit = 8
  /// How many branches are tried: one that few names speak for is not worth a pass over all of them.
  private static let trialLimit = 32

  private(set) var found: [Match.SuggestedRenaming] = []
  /// The missing names that they would place.
  let placed: Set<String>

  /// - Complexity: O(bytes of all names).
  init(_ match: Match, work: inout Int) {
    var missing = Set(match.missing)
    var unexpected = match.unexpected
    let branches = missing.isEmpty ? [] : Self.branches(match, work: &work)
    for branch in branches.prefix(Self.trialLimit) where found.count < Self.limit {
      work += unexpected.reduce(0) { $0 + $1.utf8.count }
      let names = unexpected.filter { name in
        guard let target = branch.apply(to: name), missing.contains(target) else { return false }
        return match.registry[target]?.shape == match.stateDict[name]?.shape
      }
      guard names.count > 1, let renaming = branch.renaming else { continue }
      found.append(Match.SuggestedRenaming(renaming: renaming, nameCount: names.count))
      missing.subtract(names.compactMap(branch.apply(to:)))
      let isPlaced = Set(names)
      unexpected.removeAll(where: isPlaced.contains)
    }
    placed = Set(match.missing).subtracting(missing)
  }

  /// The end of a name, and its tensor's shape.
  private struct End: Hashable {
    let node: Int
    let shape: [Int]
  }

  /// A branch of the tree of names, under its name in the checkpoint and in the model; empty for the whole tree.
  private struct Branch: Hashable {
    let from: ExactName
    let to: ExactName

    func apply(to name: String) -> String? {
      guard name.utf8.starts(with: from.text.utf8) else { return nil }
      return to.text + String(decoding: name.utf8.dropFirst(from.text.utf8.count), as: UTF8.self)
    }

    var renaming: KeyMap.Renaming? {
      try? KeyMap.Renaming(from: NamePattern("\(from.text)*"), to: NamePattern("\(to.text)*"))
    }
  }

  /// The branches that left-over names speak for, the one with the most voices first.
  private static func branches(_ match: Match, work: inout Int) -> [Branch] {
    var tails = NameTree()
    var missingByEnd: [End: (name: Int, count: Int)] = [:]
    for (number, name) in match.missing.enumerated() {
      let shape = match.registry[name]?.shape ?? []
      for node in tails.insert(name.reversedNameComponents).dropFirst() {
        missingByEnd[End(node: node, shape: shape), default: (number, 0)].count += 1
      }
    }
    var voices: [Branch: Int] = [:]
    for name in match.unexpected {
      let shape = match.stateDict[name]?.shape ?? []
      let known = tails.nodes(along: name.reversedNameComponents, work: &work)
      // The longest common tail decides; where two names have it, others must tell which branch is meant.
      for (length, node) in known.enumerated().dropFirst().reversed() {
        guard let (number, count) = missingByEnd[End(node: node, shape: shape)] else { continue }
        if count == 1 {
          work += name.utf8.count
          let branch = Branch(
            from: head(of: name, without: length), to: head(of: match.missing[number], without: length))
          voices[branch, default: 0] += 1
        }
        break
      }
    }
    return voices.sorted { ($0.value, $1.key.from.text) > ($1.value, $0.key.from.text) }.map(\.key)
  }

  /// The part of a name before its last components, including the dot.
  private static func head(of name: String, without count: Int) -> ExactName {
    ExactName(name.nameComponents.dropLast(count).map { $0.text + "." }.joined())
  }
}

extension Match.SuggestedRenaming: Encodable {
  private enum Key: String, CodingKey {
    case from, to
    case nameCount = "names"
  }

  /// Encodes the suggestion: `{"from": "head.*", "to": "roi_heads.*", "names": 8}`.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(renaming.from, forKey: .from)
    try object.encode(renaming.to, forKey: .to)
    try object.encode(nameCount, forKey: .nameCount)
  }
}
