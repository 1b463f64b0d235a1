import StateDicts

/// For names that are missing, the left-over ones that may be meant: those of the same shape that look most like them.
///
/// The work is bounded, so that a state dict of another model costs no more than one of this model: only the first
/// missing names are looked at, and for each a bounded number of left-over ones.
struct NearNames {
  private static let missingLimit = 40
  private static let candidateLimit = 64

  let found: [Match.NearName]

  init(_ match: Match, besides placed: Set<String>) {
    guard !match.missing.isEmpty, !match.unexpected.isEmpty else {
      found = []
      return
    }
    var byShape: [[Int]: [String]] = [:]
    for name in match.unexpected {
      if let tensor = match.stateDict[name] { byShape[tensor.shape, default: []].append(name) }
    }
    found = match.missing.lazy.filter { !placed.contains($0) }.prefix(Self.missingLimit).compactMap { name in
      guard let shape = match.registry[name]?.shape, let candidates = byShape[shape] else { return nil }
      let key = name.split(separator: ".").last
      let scored = candidates.lazy.filter { $0.split(separator: ".").last == key }.prefix(Self.candidateLimit)
        .map { (name: $0, distance: editDistance(Array(name.utf8), Array($0.utf8))) }
        .filter { $0.distance * 2 <= max(name.utf8.count, $0.name.utf8.count) }
        .sorted { $0.distance < $1.distance }
      guard let least = scored.first?.distance else { return nil }
      // One clear answer, or the few that are as near.
      let nearest = scored.prefix { $0.distance == least }.prefix(3).map(\.name)
      return Match.NearName(missing: name, candidates: nearest)
    }
  }
}

/// How many characters must be put in, taken out or exchanged to make one text of the other.
package func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, b) in right.enumerated() {
      let above = row[j + 1]
      row[j + 1] = a == b ? diagonal : 1 + min(diagonal, above, row[j])
      diagonal = above
    }
  }
  return row[right.count]
}
