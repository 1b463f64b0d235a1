import StateDicts

/// All reasons why a model cannot be loaded, in the format of torch's `load_state_dict`.
///
///     Error(s) in loading state_dict for FasterRCNN:
///     	Missing key(s) in state_dict: "rpn.head.conv.0.0.weight".
///     	size mismatch for fc.weight: copying a param with shape torch.Size([21, 1024]) from checkpoint, the shape …
public struct MatchError: Error, Sendable {
  /// The report, without what the options allow.
  public let match: Match
}

extension MatchError: CustomStringConvertible {
  /// The fix, torch's message with the first ten names of each list, and hints.
  public var description: String { lines(indentation: "\t").joined(separator: "\n") }

  /// The lines of the description; a name in one may have line feeds of its own.
  package func lines(indentation: String) -> [String] {
    let message = match.torchLines(listing: 10)
    return (match.fix?.lines ?? []) + message.prefix(1) + message.dropFirst().map { indentation + $0 }
      + match.hints.map { "  hint: " + $0 }.shortened(to: 10) { "  … and \($0) more hints" }
  }
}

extension Match {
  /// The message of torch's `load_state_dict` (`torch/nn/modules/module.py`), with our own text where torch has none.
  public var torchMessage: String { torchLines(listing: nil).joined(separator: "\n\t") }

  /// The message's lines; a name in one may have line feeds of its own.
  package func torchLines(listing limit: Int?) -> [String] {
    var lines = ["Error(s) in loading state_dict for \(registry.model):"]
    if !missing.isEmpty { lines.append("Missing key(s) in state_dict: \(missing.quoted(limit)). ") }
    if !unexpected.isEmpty { lines.append("Unexpected key(s) in state_dict: \(unexpected.quoted(limit)). ") }
    lines += mismatched.map(\.torchMessage).shortened(to: limit) { "… and \($0) more mismatches" }
    lines += collisions.map { collision in
      let rules = collision.rules.isEmpty ? "" : " by " + collision.rules.map { "'\($0)'" }.joined(separator: ", ")
      return "several keys become \"\(collision.name)\"\(rules): \(collision.from.quoted(nil))."
    }.shortened(to: limit) { "… and \($0) more" }
    return lines
  }
}

extension Match.Mismatch {
  var torchMessage: String {
    switch reason {
    case .shape:
      "size mismatch for \(name): copying a param with shape torch.Size(\(found)) from checkpoint, "
        + "the shape in current model is torch.Size(\(expected))."
    case .dtype:
      "type mismatch for \(name): the checkpoint has \(foundType), "
        + "the model uses \(expectedType?.rawValue ?? "another type")."
    case .kind:
      "kind mismatch for \(name): the tensor in the checkpoint is composite, but the model needs a plain one."
    }
  }
}

extension [String] {
  fileprivate func quoted(_ limit: Int?) -> String {
    map { "\"\($0)\"" }.shortened(to: limit) { "… and \($0) more" }.joined(separator: ", ")
  }
}
