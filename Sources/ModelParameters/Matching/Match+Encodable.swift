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
