import StateDicts

extension Match: CustomStringConvertible {
  /// The report as printed by `match`, with the first ten names of each list.
  public var description: String { text(listing: 10) }

  /// Returns the report: the fix, the result, hints, then the names that do not match, one per line.
  ///
  /// - Parameters:
  ///   - limit: The largest number of lines of each list; nil for all.
  ///   - model: The name of the model in the report (default: none).
  public func text(listing limit: Int? = nil, model: String? = nil) -> String {
    lines(listing: limit, model: model).joined(separator: "\n")
  }

  /// The lines of the text; a name in one may have line feeds of its own.
  package func lines(listing limit: Int?, model: String? = nil) -> [String] {
    var lines = fix.map(\.lines) ?? []
    lines.append(summary(of: model))
    func list(_ title: String, _ rows: [String]) {
      guard !rows.isEmpty else { return }
      lines +=
        ["\(title) (\(rows.count)):"] + rows.shortened(to: limit) { "… and \($0) more (--all)" }.map { "  " + $0 }
    }
    list("hints", hints)
    list("missing", missing)
    list("unexpected", unexpected)
    list("mismatched", mismatched.map(\.description))
    list("renamed to the same name", collisions.map(\.description))
    list("renamed", renamed.map { "\($0.from) -> \($0.to)" })
    return lines
  }

  /// What fits, and what was done for it.
  private func summary(of model: String?) -> String {
    let model = model.map { " to \($0)" } ?? ""
    var parts = [
      isExact
        ? "exact: \(bound.count) tensors bound\(model)"
        : "\(isAcceptable ? "accepted" : "no match"): \(bound.count) of \(registry.held.count) tensors bound\(model)"
    ]
    for (count, what) in [
      (missing.count, "missing"), (unexpected.count, "unexpected"), (mismatched.count, "mismatched"),
      (collisions.count, "ambiguous"), (renamed.count, "renamed"), (ignored.count, "ignored"),
      (isAcceptable ? omitted.count : 0, "not in older checkpoints"),
    ] where count > 0 {
      parts.append("\(count) \(what)")
    }
    for (types, count) in conversionCounts { parts.append("\(count) converted from \(types)") }
    if let prefix, prefix.isStripped { parts.append("prefix \(prefix.text) stripped") }
    return parts.joined(separator: ", ")
  }

  private var conversionCounts: [(types: String, count: Int)] {
    Dictionary(grouping: converted) { "\($0.from) to \($0.to)" }.map { ($0.key, $0.value.count) }
      .sorted { $0.types < $1.types }
  }

  /// Likely causes, each in a sentence.
  public var hints: [String] {
    let count = registry.held.count
    var hints: [String] = []
    if let prefix, !prefix.isStripped {
      hints.append("\(prefix.boundCount) of \(count) tensors match without the prefix \"\(prefix.text)\".")
    }
    if let first = equalBranches.first {
      let names = equalBranches.map { "\"\($0.text)\"" }.joined(separator: ", ")
      hints.append("Each of these branches has \(first.boundCount) of \(count) names: \(names).")
    }
    hints += mismatched.compactMap { mismatch in
      mismatch.likelyPermutation.map { "\(mismatch.name) looks transposed: its axes in the order \($0) would match." }
    }
    hints += suggestedRenamings.map { "Renaming '\($0.renaming)' would match \($0.nameCount) names." }
    hints += nearNames.map { "\($0.missing) may be \($0.candidates.joined(separator: " or ")) in the checkpoint." }
    return hints
  }
}

extension Match.Fix: CustomStringConvertible {
  /// The options as typed in a shell, the reason, and the result.
  public var description: String { lines.joined(separator: "\n") }

  var lines: [String] {
    var line = "\(isEnough ? "to fix" : "closer match"): \(arguments.map(\.quotedForShell).joined(separator: " "))"
    if !reason.isEmpty { line += ", \(reason)" }
    if !isEnough { line += " (then \(boundCount) tensors match)" }
    let others = alternatives.map { "equally good: \(arguments.first ?? "") \($0.quotedForShell)" }
    return [line] + others.shortened(to: 9) { "… and \($0) more" }
  }
}

extension Match.Mismatch: CustomStringConvertible {
  /// The name, the expected and the found value: `fc.weight: [91, 1024] expected, [21, 1024] found`.
  public var description: String {
    switch reason {
    case .shape: "\(name): \(expected) expected, \(found) found"
    case .dtype: "\(name): \(expectedType?.rawValue ?? "another type") expected, \(foundType) found"
    case .kind: "\(name): a plain tensor expected, a composite one found"
    }
  }
}

extension Match.Collision: CustomStringConvertible {
  /// The names, the common result, and the renamings: `fc.bias, b.bias -> fc.bias, by 'b.*=fc.*'`.
  public var description: String {
    let causes = rules.map { "'\($0)'" }.joined(separator: ", ")
    return "\(from.joined(separator: ", ")) -> \(name)" + (causes.isEmpty ? "" : ", by \(causes)")
  }
}

extension [String] {
  /// The first lines, and one that says how many there are besides.
  func shortened(to limit: Int?, _ more: (Int) -> String) -> [String] {
    guard let limit, count > limit else { return self }
    return prefix(limit) + [more(count - limit)]
  }
}

extension String {
  /// The argument as it is typed in a shell.
  fileprivate var quotedForShell: String {
    let isPlain = !isEmpty && utf8.allSatisfy { $0 >= 0x80 || $0.isPlainInShell }
    return isPlain
      ? self : "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }
}

extension UInt8 {
  /// Letters, digits and what means nothing to a shell.
  fileprivate var isPlainInShell: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "-")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "="):
      true
    default: false
    }
  }
}

extension Match: Encodable {
  private enum Key: String, CodingKey {
    case model, exact, acceptable, bound, missing, unexpected, mismatched, renamed, ignored
    case omitted, collisions, converted, prefix, fix
    case equalBranches = "equal_branches"
    case nearNames = "near_names"
    case suggestedRenamings = "suggested_renames"
  }

  /// Encodes the report as printed by `match --json`, with a count of bound tensors.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(registry.model, forKey: .model)
    try object.encode(isExact, forKey: .exact)
    try object.encode(isAcceptable, forKey: .acceptable)
    try object.encode(bound.count, forKey: .bound)
    try object.encode(missing, forKey: .missing)
    try object.encode(unexpected, forKey: .unexpected)
    try object.encode(mismatched, forKey: .mismatched)
    try object.encode(renamed, forKey: .renamed)
    try object.encode(ignored, forKey: .ignored)
    try object.encode(omitted, forKey: .omitted)
    try object.encode(converted, forKey: .converted)
    if !collisions.isEmpty { try object.encode(collisions, forKey: .collisions) }
    if !suggestedRenamings.isEmpty { try object.encode(suggestedRenamings, forKey: .suggestedRenamings) }
    if !nearNames.isEmpty { try object.encode(nearNames, forKey: .nearNames) }
    try object.encodeIfPresent(prefix, forKey: .prefix)
    if !equalBranches.isEmpty { try object.encode(equalBranches, forKey: .equalBranches) }
    try object.encodeIfPresent(fix, forKey: .fix)
  }
}

extension Match.Fix: Encodable {
  private enum Key: String, CodingKey {
    case arguments, reason, alternatives
    case boundCount = "bound"
    case isEnough = "acceptable"
  }

  /// Encodes the fix: `{"arguments": ["--strip-prefix"], "bound": 120, "acceptable": false, …}`.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(arguments, forKey: .arguments)
    try object.encode(boundCount, forKey: .boundCount)
    try object.encode(isEnough, forKey: .isEnough)
    if !reason.isEmpty { try object.encode(reason, forKey: .reason) }
    if !alternatives.isEmpty { try object.encode(alternatives, forKey: .alternatives) }
  }
}

extension Match.Mismatch: Encodable {
  private enum Key: String, CodingKey {
    case name, reason, expected, found
    case expectedType = "expected_dtype"
    case foundType = "found_dtype"
    case likelyPermutation = "likely_permutation"
  }

  /// Encodes the mismatch with the expected and found shapes and dtypes.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: Key.self)
    try object.encode(name, forKey: .name)
    try object.encode(reason, forKey: .reason)
    try object.encode(expected, forKey: .expected)
    try object.encode(found, forKey: .found)
    try object.encodeIfPresent(expectedType, forKey: .expectedType)
    try object.encode(foundType, forKey: .foundType)
    try object.encodeIfPresent(likelyPermutation, forKey: .likelyPermutation)
  }
}
