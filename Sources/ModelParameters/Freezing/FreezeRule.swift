public import StateDicts

/// Which parameters train: an ordered list of steps over their names, the last that fits a name deciding.
///
///     let rule = FreezeRule.freezing("backbone.*").training("backbone.body.layer4.*")
///     registry.freezing(rule).frozenNames
///
/// A rule is data: it can be printed, compared and kept as JSON. It is applied to a registry, after loading; buffers
/// never train, whatever a rule says.
public struct FreezeRule: Hashable, Codable, Sendable {
  /// What a step does to the parameters that it names.
  public enum Action: String, Codable, Sendable {
    case freeze, train
  }

  /// Patterns and what becomes of the parameters that they fit.
  public struct Step: Hashable, Codable, Sendable {
    /// What becomes of them.
    public let action: Action
    /// The patterns; one that fits is enough.
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

  /// A rule that freezes what the patterns fit.
  public static func freezing(_ patterns: NamePattern...) -> FreezeRule { FreezeRule([Step(.freeze, patterns)]) }
  /// A rule that lets train what the patterns fit, frozen before.
  public static func training(_ patterns: NamePattern...) -> FreezeRule { FreezeRule([Step(.train, patterns)]) }

  /// This rule, then freezing what the patterns fit.
  public func freezing(_ patterns: NamePattern...) -> FreezeRule { FreezeRule(steps + [Step(.freeze, patterns)]) }
  /// This rule, then unfreezing what the patterns fit.
  public func training(_ patterns: NamePattern...) -> FreezeRule { FreezeRule(steps + [Step(.train, patterns)]) }

  /// A rule over stages: all but the first `trainable` of them are frozen.
  ///
  /// - Parameters:
  ///   - trainable: How many stages train.
  ///   - stages: The patterns of each stage, the one that trains first, first.
  ///   - noun: What the stages are called in the error.
  /// - Throws: `outOfRange` if there are not so many stages, with the range.
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

  /// Whether the rule lets a parameter train; nil if no step fits its name.
  public func isTrainable(_ name: String) -> Bool? {
    steps.last { step in step.patterns.contains { $0.matches(name) } }.map { $0.action == .train }
  }
}

extension FreezeRule: CustomStringConvertible {
  /// One line a step: `freeze backbone.body.conv1.*, backbone.body.bn1.*`.
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

  /// The patterns of a rule that fit no name here, and so do nothing.
  public func patternsWithoutEffect(of rule: FreezeRule) -> [NamePattern] {
    rule.steps.flatMap(\.patterns).filter { pattern in !specs.contains { pattern.matches($0.name) } }
  }
}
