public import StateDicts

/// How a state dict is held against a registry.
///
/// Unless something is allowed here, that is as strict as torch's `load_state_dict`.
public struct MatchOptions: Sendable {
  /// What is done with elements of another type than the model's.
  public enum Conversion: Hashable, Sendable {
    /// They are converted to the type that the model declares, where both are kinds of one number.
    case asDeclared
    /// Every floating-point tensor is converted to this type, whatever the model declares.
    case to(ElementType)
    /// They are a mismatch.
    case never
  }

  /// What is done with a prefix that all names share, such as DataParallel's `module.`.
  public enum PrefixPolicy: String, Hashable, Sendable {
    /// It is stripped if the match is then exact, and reported in every case.
    case ifExact
    /// It is stripped if more names fit without it.
    case strip
    /// It is only reported.
    case keep
  }

  /// Names that are changed before anything is compared.
  public var renaming: KeyMap
  /// What is done with a common prefix.
  public var prefix: PrefixPolicy
  /// What is done with elements of another type.
  public var conversion: Conversion
  /// The parameters that may be missing.
  public var allowedMissing: [NamePattern]
  /// The names of the state dict that may be left over.
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
