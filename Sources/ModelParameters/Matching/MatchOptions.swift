public import StateDicts

/// Options for matching a state dict with a registry.
///
/// The defaults are as strict as torch's `load_state_dict`.
public struct MatchOptions: Sendable {
  /// How to treat tensors whose dtype differs from the model's.
  public enum Conversion: Hashable, Sendable {
    /// Convert them to the model's dtype if both are floating-point types, or both integer types.
    case asDeclared
    /// Convert every floating-point tensor to this dtype, whatever the model declares.
    case to(ElementType)
    /// Treat them as a mismatch.
    case never
  }

  /// How to treat a prefix that all names share, such as DataParallel's `module.`.
  public enum PrefixPolicy: String, Hashable, Sendable {
    /// Strip it if the match is then exact or acceptable, and report it in any case.
    case ifExact
    /// Strip it if more names match without it.
    case strip
    /// Only report it.
    case keep
  }

  /// Renamings to apply before matching.
  public var renaming: KeyMap
  /// How to treat a common prefix.
  public var prefix: PrefixPolicy
  /// How to treat tensors of another dtype.
  public var conversion: Conversion
  /// The parameters that may be missing.
  public var allowedMissing: [NamePattern]
  /// The unexpected names that are allowed.
  public var allowedUnexpected: [NamePattern]

  /// Creates options.
  ///
  /// A tensor of another shape is never allowed.
  public init(
    renaming: KeyMap = KeyMap(), prefix: PrefixPolicy = .ifExact, conversion: Conversion = .asDeclared,
    allowedMissing: [NamePattern] = [], allowedUnexpected: [NamePattern] = []
  ) {
    self.renaming = renaming
    self.prefix = prefix
    self.conversion = conversion
    self.allowedMissing = allowedMissing
    self.allowedUnexpected = allowedUnexpected
  }
}
