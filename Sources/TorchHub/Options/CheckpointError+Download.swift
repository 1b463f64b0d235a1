public import StateDicts

extension CheckpointError.Code {
  /// The file is not in the cache, and downloads are disabled.
  public static let notCached = Self(rawValue: "notCached")
  /// The URL, or one that it redirects to, is plain http.
  public static let insecureURL = Self(rawValue: "insecureURL")
  /// The server returned an error status.
  public static let httpStatus = Self(rawValue: "httpStatus")
  /// The server could not be reached, or the connection was lost.
  public static let connectionFailed = Self(rawValue: "connectionFailed")
  /// The downloaded file does not have the expected SHA-256.
  public static let hashMismatch = Self(rawValue: "hashMismatch")
}
