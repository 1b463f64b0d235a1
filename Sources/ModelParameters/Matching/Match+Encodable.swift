extension Match: Encodable {
  private enum Key: String, CodingKey {
    case model, exact, acceptable, bound, missing, unexpected, mismatched, renamed, ignored
    case omitted, collisions, converted, prefix
    case nearNames = "near_names"
    case suggestedRenamings = "suggested_renames"
  }

  /// Writes the report as `match --json` prints it: bound tensors are counted, all else is listed.
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
  }
}

extension Match.Mismatch: Encodable {
  private enum Key: String, CodingKey {
    case name, reason, expected, found
    case expectedType = "expected_dtype"
    case foundType = "found_dtype"
    case likelyPermutation = "likely_permutation"
  }

  /// Writes the mismatch: shapes under `expected` and `found`, the types beside them.
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
