import StateDicts

extension Match {
  /// Options of the command that would make a state dict match, or match better.
  public struct Fix: Hashable, Sendable {
    /// The options, unquoted: `["--rename", "head.*=fc.*"]`.
    public internal(set) var arguments: [String]
    /// Why they help; empty if that is obvious.
    public internal(set) var reason = ""
    /// The resulting number of bound tensors.
    public internal(set) var boundCount: Int
    /// Whether the model can be loaded with the options.
    public internal(set) var isEnough: Bool
    /// Other values for the first option that match equally well.
    public internal(set) var alternatives: [String] = []

    /// Returns a fix with more options before these.
    package func preceded(by arguments: [String], because reason: String) -> Fix {
      var fix = self
      fix.arguments = arguments + fix.arguments
      fix.reason = [reason, fix.reason].filter { !$0.isEmpty }.joined(separator: "; ")
      return fix
    }

    /// Creates a fix that consists of options, for the match that options lead to.
    package init(_ arguments: [String], because reason: String = "", leadingTo match: Match) {
      self.arguments = arguments
      self.reason = reason
      boundCount = match.bound.count
      isEnough = match.isAcceptable
    }
  }

  /// Adds what may help where something does not fit.
  package mutating func explain() {
    guard !isExact else { return }
    orderUnexpected()
    let suggested = SuggestedRenamings(self, work: &work)
    suggestedRenamings = suggested.found.filter { suggestion in
      // Branches and the prefix have hints of their own.
      !branches.contains { $0.renaming == suggestion.renaming }
    }
    nearNames = NearNames(self, besides: suggested.placed, work: &work).found
    guard !isAcceptable else { return }
    let search = FixSearch(self)
    fix = search.fix
    work += search.work
  }
}

/// Tries one option after another, and keeps those under which more tensors are bound.
private struct FixSearch {
  private var best: Match
  /// The options that were added, other than renamings.
  private var arguments: [String] = []
  private var reason = ""
  private var alternatives: [String] = []
  private let given: KeyMap
  /// The bytes of names that were looked at in all trials.
  private(set) var work = 0

  init(_ match: Match) {
    best = match
    given = match.options.renaming
    if let prefix = match.prefix, !prefix.isStripped {
      let isKept = match.options.prefix == .keep
      if attempt(["--strip-prefix"], { $0.prefix = .strip }), isKept { reason = "instead of --keep-prefix" }
    } else if let branch = match.equalBranches.first?.renaming, attempt(branch) {
      alternatives = match.equalBranches.dropFirst().compactMap { $0.renaming?.description }
    }
    // Each renaming is tried upon the one before; more than a few are another model's names.
    for _ in 0..<8 where !best.isAcceptable {
      guard let next = SuggestedRenamings(best, work: &work).found.first, attempt(next.renaming) else { break }
    }
    for _ in 0..<4 where !best.isAcceptable {
      guard let next = NearNames(best, besides: [], work: &work).found.first, next.candidates.count == 1,
        let renaming = try? KeyMap.Renaming("\(next.candidates[0])=\(next.missing)"), attempt(renaming)
      else { break }
    }
    allowTheRest()
  }

  var fix: Match.Fix? {
    // In the order in which they are to be given, the former ones among them: the first that fits a name decides.
    let renamings = best.options.renaming == given ? [] : best.options.renaming.renamings
    let all = renamings.flatMap { ["--rename", $0.description] } + arguments
    guard !all.isEmpty else { return nil }
    var fix = Match.Fix(all, because: reason, leadingTo: best)
    fix.alternatives = alternatives
    return fix
  }

  private mutating func attempt(_ renaming: KeyMap.Renaming) -> Bool {
    // Before those that are there, since the first that fits decides.
    attempt([]) { $0.renaming = KeyMap([renaming] + $0.renaming.renamings) }
  }

  private mutating func attempt(_ added: [String], _ change: (inout MatchOptions) -> Void) -> Bool {
    var options = best.options
    change(&options)
    let next = best.registry.match(unexplained: best.stateDict, options: options)
    work += next.work
    guard next.isAcceptable || next.bound.count > best.bound.count else { return false }
    best = next
    arguments += added
    return true
  }

  /// Where most tensors have their places and nothing else is wrong, what is missing or left over can be allowed.
  private mutating func allowTheRest() {
    guard !best.isAcceptable, best.mismatched.isEmpty, best.collisions.isEmpty,
      best.bound.count * 2 > best.registry.held.count,
      NearNames(best, besides: [], work: &work).found.isEmpty
    else { return }
    let rest = best.refusals
    let missing = patterns(covering: rest.missing)
    // So much is missing that it is not a detail to be allowed.
    guard missing != ["*"] else { return }
    let unexpected = patterns(covering: rest.unexpected)
    _ = attempt(
      missing.flatMap { ["--allow-missing", $0] } + unexpected.flatMap { ["--allow-unexpected", $0] }
    ) { options in
      options.allowedMissing += missing.map { NamePattern($0) }
      options.allowedUnexpected += unexpected.map { NamePattern($0) }
    }
  }

  /// A few patterns that names are as: what they have in common, else each branch of the first level, else all names.
  private func patterns(covering names: [String]) -> [String] {
    let paths = names.map(\.nameComponents)
    guard let first = paths.first else { return [] }
    var common = first.count
    for path in paths { common = min(common, zip(first, path).prefix { $0 == $1 }.count) }
    let isAll = common == first.count
    if common > 0 {
      let text = first.prefix(common).map(\.text).joined(separator: ".")
      return [isAll && names.count == 1 ? text : text + (isAll ? "*" : ".*")]
    }
    var branches: [ExactName] = []
    for path in paths where !branches.contains(path[0]) {
      branches.append(path[0])
      if branches.count > 3 { return ["*"] }
    }
    return branches.map { branch in
      let isName = paths.allSatisfy { $0[0] != branch || $0.count == 1 }
      return isName ? branch.text : branch.text + ".*"
    }
  }
}
