public import StateDicts

extension CheckpointError.Code {
  /// The file is not in the cache, and the network is switched off.
  public static let notCached = Self(rawValue: "notCached")
  /// The URL, or one that it redirects to, is plain http.
  public static let insecureURL = Self(rawValue: "insecureURL")
  /// The server answered with a status that is no success.
  public static let httpStatus = Self(rawValue: "httpStatus")
  /// The server could not be reached, or the connection broke.
  public static let connectionFailed = Self(rawValue: "connectionFailed")
  /// The downloaded bytes do not have the SHA-256 that was asked for.
  public static let hashMismatch = Self(rawValue: "hashMismatch")
}
