/// The SHA-256 that a downloaded file must have.
public enum HashCheck: Sendable, Equatable {
  /// The digits that the name holds between `-` and `.`, as in `mobilenet_v2-b0353104.pth`, where they are eight or
  /// more.
  ///
  /// That is what torch documents for `check_hash=True`. Fewer digits, as in `model-2.pth`, are taken for a version.
  case name
  /// The first hexadecimal digits, up to all 64.
  case prefix(String)
  /// No check.
  case none
}
