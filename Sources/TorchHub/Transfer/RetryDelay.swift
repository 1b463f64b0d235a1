/// How long to wait before a server is asked again.
enum RetryDelay {
  /// The longest wait, however long the server asks for.
  static let longest = Duration.seconds(30)

  /// Twice as long after each failure, or as long as the server says.
  static func after(_ failures: Int, _ options: DownloadOptions, serverSays seconds: Int?) -> Duration {
    let doubled = options.retryDelay * (1 << min(failures - 1, 10))
    return min(max(doubled, .seconds(seconds ?? 0)), longest)
  }
}
