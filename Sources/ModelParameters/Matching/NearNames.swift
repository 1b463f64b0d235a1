package import StateDicts

/// For names that are missing, the left-over ones that may be meant: those of the same shape that look most like them.
///
/// The work is bounded, so that a state dict of another model costs no more than one of this model: only the first
/// missing names are looked at, and for each a bounded number of left-over ones of bounded length.
struct NearNames {
  private static let missingLimit = 40
  fileprivate static let candidateLimit = 64
  private static let lengthLimit = 256

  /// What near names have in common: the tensor's shape, and the last component of the name.
  private struct Kind: Hashable {
    let shape: [Int]
    let component: ExactName

    init(_ shape: [Int], _ name: String) {
      self.shape = shape
      component = name.reversedNameComponents.first { _ in true } ?? ExactName("")
    }
  }

  let found: [Match.NearName]

  init(_ match: Match, besides placed: Set<String>, work: inout Int) {
    guard !match.missing.isEmpty, !match.unexpected.isEmpty else {
      found = []
      return
    }
    var byKind: [Kind: [String]] = [:]
    for name in match.unexpected where name.utf8.count <= Self.lengthLimit {
      guard let shape = match.stateDict[name]?.shape else { continue }
      byKind[Kind(shape, name), default: []].append(name)
    }
    var found: [Match.NearName] = []
    for name in match.missing.lazy.filter({ !placed.contains($0) }).prefix(Self.missingLimit) {
      guard name.utf8.count <= Self.lengthLimit, let shape = match.registry[name]?.shape else { continue }
      let candidates = (byKind[Kind(shape, name)] ?? []).prefix(Self.candidateLimit)
      work += candidates.reduce(0) { $0 + $1.utf8.count * name.utf8.count }
      // One clear answer, or the few that are as near.
      let nearest = Self.nearest(to: name, among: candidates).prefix(3)
      if !nearest.isEmpty { found.append(Match.NearName(missing: name, candidates: Array(nearest))) }
    }
    self.found = found
  }

  /// The names that look most like one: those of the least edit distance, if that is at most half of their length.
  static func nearest(to name: String, among candidates: some Sequence<String>) -> [String] {
    let wanted = Array(name.utf8)
    let scored = candidates.filter { $0.utf8.count <= lengthLimit }
      .map { (name: $0, distance: editDistance(wanted, Array($0.utf8))) }
      .filter { $0.distance * 2 <= max(wanted.count, $0.name.utf8.count) }
    guard let least = scored.map(\.distance).min() else { return [] }
    return scored.filter { $0.distance == least }.map(\.name)
  }
}

extension Match {
  /// The left-over name that looks most like one of the model's, among those of tensors of a certain form; nil if there
  /// is none, or several are as near.
  package func nearest(to name: String, where isCandidate: (Tensor?) -> Bool) -> String? {
    let candidates = unexpected.filter { isCandidate(stateDict[$0]) }.prefix(NearNames.candidateLimit)
    let nearest = NearNames.nearest(to: name, among: candidates)
    return nearest.count == 1 ? nearest.first : nil
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
