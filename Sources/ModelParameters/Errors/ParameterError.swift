/// The reason why a registry or a rule cannot be made.
///
/// Missing tensors are not an error of this type, but data in a `Match`.
public struct ParameterError: Error, Sendable {
  /// The kind of failure.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The code's name, as `--json` prints it.
    public let rawValue: String

    /// Creates a code from its name.
    public init(rawValue: String) {
      self.rawValue = rawValue
    }
  }

  /// The kind of failure.
  public var code: Code
  /// What went wrong, in one sentence.
  public var message: String
  /// What to do about it.
  public var remedy: String?

  /// Creates an error.
  @inline(never)
  public init(_ code: Code, _ message: String, remedy: String? = nil) {
    self.code = code
    self.message = message
    self.remedy = remedy
  }
}

extension ParameterError.Code {
  /// A registry has two parameters with the same name.
  public static let duplicateName = Self(rawValue: "duplicateName")
  /// A number is out of range, such as 7 trainable layers of 5.
  public static let outOfRange = Self(rawValue: "outOfRange")
  /// A model is loaded with a match for another model or configuration.
  public static let otherModel = Self(rawValue: "otherModel")
}

extension ParameterError: Equatable {
  /// Whether both errors have the same code.
  public static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}

extension ParameterError: CustomStringConvertible {
  /// The message and the remedy, one per line.
  public var description: String {
    remedy.map { "\(message)\n  try: \($0)" } ?? message
  }
}
