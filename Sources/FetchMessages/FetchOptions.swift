import ArgumentParser

/// Download options of `pth2swt`, which are passed to `pth2swt-fetch`.
package struct FetchOptions: ParsableArguments {
  @Flag(help: "Use only files that are in the cache folders of torch and Hugging Face.")
  package var offline = false

  @Flag(help: "Allow plain http.")
  package var allowHttp = false

  @Flag(help: "Do not check the SHA-256 digits in a URL's file name.")
  package var noHash = false

  @Option(help: ArgumentHelp("Seconds to connect", valueName: "s"))
  package var connectTimeout = 30.0

  @Option(help: ArgumentHelp("Seconds to the first byte", valueName: "s"))
  package var firstByteTimeout = 60.0

  @Option(help: ArgumentHelp("Seconds without a byte", valueName: "s"))
  package var idleTimeout = 30.0

  @Option(help: ArgumentHelp("Consecutive retries of a lost connection", valueName: "n"))
  package var retries = 4

  package init() {}

  package func validate() throws {
    guard min(connectTimeout, firstByteTimeout, idleTimeout) > 0 else {
      throw ValidationError("Timeouts must be above 0 seconds.")
    }
    guard retries >= 0 else { throw ValidationError("--retries must be at least 0, not \(retries).") }
  }

  /// The options as arguments for `pth2swt-fetch`.
  package var arguments: [String] {
    [
      "--connect-timeout=\(connectTimeout)", "--first-byte-timeout=\(firstByteTimeout)",
      "--idle-timeout=\(idleTimeout)", "--retries=\(retries)",
    ] + [(offline, "--offline"), (allowHttp, "--allow-http"), (noHash, "--no-hash")].filter(\.0).map(\.1)
  }
}
