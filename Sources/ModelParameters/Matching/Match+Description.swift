import StateDicts

extension Match: CustomStringConvertible {
  /// The report as `match` prints it: whether it fits, then what does not, a name a line.
  public var description: String {
    var lines = [summary]
    func list(_ title: String, _ rows: [String]) {
      if !rows.isEmpty { lines += ["\(title) (\(rows.count)):"] + rows.map { "  " + $0 } }
    }
    list("missing", missing)
    list("unexpected", unexpected)
    list("mismatched", mismatched.map(\.description))
    list("several names become one", collisions.map { "\($0.from.joined(separator: ", ")) -> \($0.name)" })
    list("renamed", renamed.map { "\($0.from) -> \($0.to)" })
    list("hints", hints)
    return lines.joined(separator: "\n")
  }

  /// The first line: what fits, and what was done for it.
  private var summary: String {
    var parts = [
      isExact
        ? "exact: \(bound.count) tensors bound"
        : "\(isAcceptable ? "accepted" : "no match"): \(bound.count) of \(registry.held.count) tensors bound"
    ]
    if let prefix, prefix.isStripped { parts.append("prefix \(prefix.text) stripped") }
    if !renamed.isEmpty { parts.append("\(renamed.count) renamed") }
    if !ignored.isEmpty { parts.append("\(ignored.count) ignored") }
    if !omitted.isEmpty { parts.append("\(omitted.count) that the checkpoint is too old to have") }
    for (types, count) in conversionCounts { parts.append("\(count) converted from \(types)") }
    return parts.joined(separator: ", ")
  }

  private var conversionCounts: [(types: String, count: Int)] {
    Dictionary(grouping: converted) { "\($0.from) to \($0.to)" }.map { ($0.key, $0.value.count) }
      .sorted { $0.types < $1.types }
  }
}

extension Match.Mismatch: CustomStringConvertible {
  /// Name, then what the model declares and what was found: `fc.weight: [91, 1024] expected, [21, 1024] found`.
  public var description: String {
    switch reason {
    case .shape: "\(name): \(expected) expected, \(found) found"
    case .dtype: "\(name): \(expectedType?.rawValue ?? "another type") expected, \(foundType) found"
    case .kind: "\(name): a plain tensor expected, one put together from others found"
    }
  }
}
