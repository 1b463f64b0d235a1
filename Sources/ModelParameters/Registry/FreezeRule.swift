public import StateDicts

/// A rule for which parameters train: an ordered list of steps, of which the last that matches a name decides.
///
///     let rule = FreezeRule.freezing("backbone.*").training("backbone.body.layer4.*")
///     registry.freezing(rule).frozenNames
///
/// A rule is data: it can be printed, compared and stored as JSON. It is applied to a registry, after loading. Buffers
/// never train, whatever the rule.
public struct FreezeRule: Hashable, Codable, Sendable {
  /// The effect of a step.
  public enum Action: String, Codable, Sendable {
    case freeze, train
  }

  /// Patterns, and the effect on the parameters that they match.
  public struct Step: Hashable, Codable, Sendable {
    /// The effect on matching parameters.
    public let action: Action
    /// The patterns, of which one must match.
    public let patterns: [NamePattern]

    /// Creates a step.
    public init(_ action: Action, _ patterns: [NamePattern]) {
      self.action = action
      self.patterns = patterns
    }
  }

  /// The steps, in order.
  public let steps: [Step]

  /// Creates a rule.
  public init(_ steps: [Step] = []) {
    self.steps = steps
  }

  /// Returns a rule that freezes the parameters that match any of the patterns.
  public static func freezing(_ patterns: NamePattern...) -> FreezeRule { FreezeRule([Step(.freeze, patterns)]) }
  /// Returns a rule that makes the parameters that match any of the patterns trainable.
  public static func training(_ patterns: NamePattern...) -> FreezeRule { FreezeRule([Step(.train, patterns)]) }

  /// Returns this rule with a step that freezes the parameters that match any of the patterns.
  public func freezing(_ patterns: NamePattern...) -> FreezeRule { FreezeRule(steps + [Step(.freeze, patterns)]) }
  /// Returns this rule with a step that makes the parameters that match any of the patterns trainable.
  public func training(_ patterns: NamePattern...) -> FreezeRule { FreezeRule(steps + [Step(.train, patterns)]) }

  /// Returns a rule that freezes all stages except the first `trainable`.
  ///
  /// - Parameters:
  ///   - trainable: The number of stages that train.
  ///   - stages: The patterns of each stage, beginning with the stage that trains first.
  ///   - noun: The name for stages in the error message.
  /// - Throws: `outOfRange` with the range if there are fewer stages.
  public static func stages(
    trainable: Int, of stages: [[NamePattern]], called noun: String = "layers"
  ) throws(ParameterError) -> FreezeRule {
    guard 0...stages.count ~= trainable else {
      throw ParameterError(
        .outOfRange, "The number of trainable \(noun) must be 0 to \(stages.count), not \(trainable).",
        remedy: "use 0 to freeze all of them, or \(stages.count) to freeze none")
    }
    let frozen = stages.dropFirst(trainable).reversed().flatMap(\.self)
    return frozen.isEmpty ? FreezeRule() : FreezeRule([Step(.freeze, frozen)])
  }

  /// Whether the rule makes a parameter trainable; nil if no step matches its name.
  public func isTrainable(_ name: String) -> Bool? {
    steps.last { step in step.patterns.contains { $0.matches(name) } }.map { $0.action == .train }
  }
}

extension FreezeRule: CustomStringConvertible {
  /// The steps, one per line: `freeze backbone.body.conv1.*, backbone.body.bn1.*`.
  public var description: String {
    steps.map { "\($0.action) \($0.patterns.map(\.text).joined(separator: ", "))" }.joined(separator: "\n")
  }
}

extension ParameterRegistry {
  /// Returns the registry with parameters frozen by a rule; parameters that no step matches stay as they are.
  public func freezing(_ rule: FreezeRule) -> ParameterRegistry {
    if rule.steps.isEmpty { return self }
    return mapping { spec in
      if spec.role == .parameter, let isTrainable = rule.isTrainable(spec.name) { spec.isTrainable = isTrainable }
    }
  }

  /// Returns the patterns of a rule that match no name.
  public func patternsWithoutEffect(of rule: FreezeRule) -> [NamePattern] {
    rule.steps.flatMap(\.patterns).filter { pattern in !specs.contains { pattern.matches($0.name) } }
  }
}
