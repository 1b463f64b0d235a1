import StateDicts

extension Match {
  /// A renaming that would put left-over names where names are missing.
  public struct SuggestedRenaming: Hashable, Sendable {
    /// The renaming, as `--rename` takes it.
    public let renaming: KeyMap.Renaming
    /// How many names it would put in their places.
    public let nameCount: Int
  }
}

/// Finds renamings of whole branches: `head.fc.weight` left over and `roi_heads.fc.weight` missing, both of one shape,
/// speak for `head.*=roi_heads.*`; the branches that place the most names are suggested.
struct SuggestedRenamings {
  private static let limit = 8
  /// How many branches are tried: one that few names speak for is not worth a pass over all of them.
  private static let trialLimit = 32

  let found: [Match.SuggestedRenaming]
  /// The missing names that they would place.
  let placed: Set<String>

  /// - Complexity: O(names × components).
  init(_ match: Match) {
    var missing = Set(match.missing)
    var unexpected = match.unexpected
    var found: [Match.SuggestedRenaming] = []
    let branches = missing.isEmpty ? [] : Self.branches(match)
    func names(placedBy branch: Branch) -> [String] {
      unexpected.filter { name in
        guard let target = branch.apply(to: name), missing.contains(target) else { return false }
        return match.registry[target]?.shape == match.stateDict[name]?.shape
      }
    }
    for branch in branches.prefix(Self.trialLimit) where found.count < Self.limit {
      let names = names(placedBy: branch)
      guard names.count > 1, let renaming = branch.renaming else { continue }
      found.append(Match.SuggestedRenaming(renaming: renaming, nameCount: names.count))
      missing.subtract(names.compactMap(branch.apply(to:)))
      let isPlaced = Set(names)
      unexpected.removeAll(where: isPlaced.contains)
    }
    self.found = found
    placed = Set(match.missing).subtracting(missing)
  }

  /// The end of a name, and its tensor's shape.
  private struct End: Hashable {
    let tail: Substring
    let shape: [Int]
  }

  /// A branch of the tree of names, under its name in the checkpoint and in the model; empty for the whole tree.
  private struct Branch: Hashable {
    let from: Substring
    let to: Substring

    func apply(to name: String) -> String? {
      name.utf8.starts(with: from.utf8) ? String(to + name.dropFirst(from.count)) : nil
    }

    var renaming: KeyMap.Renaming? {
      try? KeyMap.Renaming(from: NamePattern("\(from)*"), to: NamePattern("\(to)*"))
    }
  }

  /// The branches that left-over names speak for, the one with the most voices first.
  private static func branches(_ match: Match) -> [Branch] {
    var missingByEnd: [End: (name: String, count: Int)] = [:]
    for name in match.missing {
      let shape = match.registry[name]?.shape ?? []
      for tail in tails(of: name) { missingByEnd[End(tail: tail, shape: shape), default: (name, 0)].count += 1 }
    }
    var voices: [Branch: Int] = [:]
    for name in match.unexpected {
      let shape = match.stateDict[name]?.shape ?? []
      for tail in tails(of: name) {
        guard let (candidate, count) = missingByEnd[End(tail: tail, shape: shape)] else { continue }
        // The longest common tail decides; where two names have it, others must tell which branch is meant.
        if count == 1 {
          let branch = Branch(from: name.dropLast(tail.count), to: candidate.dropLast(tail.count))
          voices[branch, default: 0] += 1
        }
        break
      }
    }
    return voices.sorted { ($0.value, $1.key.from) > ($1.value, $0.key.from) }.map(\.key)
  }

  /// The ends of a name from each dot on, the longest first.
  private static func tails(of name: String) -> [Substring] {
    var tails = [name[...]]
    while let last = tails.last, let dot = last.utf8.firstIndex(of: UInt8(ascii: ".")) {
      tails.append(last[last.utf8.index(after: dot)...])
    }
    return tails
  }
}

extension Match.SuggestedRenaming: Encodable {
  private enum Key: String, CodingKey {
    case from, to
    case nameCount = "names"
  }

  /// Writes the suggestion: `{"from": "head.*", "to": "roi_heads.*", "names": 8}`.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(renaming.from, forKey: .from)
    try object.encode(renaming.to, forKey: .to)
    try object.encode(nameCount, forKey: .nameCount)
  }
}
