import StateDicts

/// What keeps a model from being loaded: all of it at once, in the words of torch's `load_state_dict`.
///
///     Error(s) in loading state_dict for FasterRCNN:
///     	Missing key(s) in state_dict: "rpn.head.conv.0.0.weight".
///     	size mismatch for fc.weight: copying a param with shape torch.Size([21, 1024]) from checkpoint, the shape …
public struct MatchError: Error, Sendable {
  /// The report, without what the options allow.
  public let match: Match
}

extension MatchError: CustomStringConvertible {
  /// Torch's message, then what torch does not say: likely causes.
  public var description: String {
    ([match.torchMessage] + match.hints.map { "  hint: " + $0 }).joined(separator: "\n")
  }
}

extension Match {
  /// The message of torch's `load_state_dict`, word for word (`torch/nn/modules/module.py`); what torch has no words for
  /// is said in ours, in the same place.
  public var torchMessage: String {
    var lines = ["Error(s) in loading state_dict for \(registry.model):"]
    if !missing.isEmpty { lines.append("Missing key(s) in state_dict: \(missing.quoted). ") }
    if !unexpected.isEmpty { lines.append("Unexpected key(s) in state_dict: \(unexpected.quoted). ") }
    lines += mismatched.map(\.torchMessage)
    lines += collisions.map { "several keys become \"\($0.name)\": \($0.from.quoted)." }
    return lines.joined(separator: "\n\t")
  }

  /// Likely causes, each in a sentence.
  public var hints: [String] {
    var hints: [String] = []
    if let prefix, !prefix.isStripped {
      hints.append(
        "\(prefix.boundCount) of \(registry.held.count) names fit without the prefix \"\(prefix.text)\", "
          + "which can be stripped.")
    }
    hints += mismatched.compactMap { mismatch in
      mismatch.likelyPermutation.map { "\(mismatch.name) looks transposed: its axes in the order \($0) would fit." }
    }
    hints += suggestedRenamings.map { "renaming \($0.renaming) would place \($0.nameCount) names." }
    hints += nearNames.map { "for \($0.missing), is \($0.candidates.joined(separator: " or ")) meant?" }
    return hints
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
        + "the model computes with \(expectedType?.rawValue ?? "another type")."
    case .kind:
      "kind mismatch for \(name): the checkpoint's tensor is put together from others, and a plain one is needed."
    }
  }
}

extension [String] {
  fileprivate var quoted: String { map { "\"\($0)\"" }.joined(separator: ", ") }
}
