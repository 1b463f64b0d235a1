package import ArgumentParser

/// Download options of `pth2swt`, which are passed to `pth2swt-fetch`.
package struct FetchOptions: ParsableArguments {
  @Flag(help: "Never download: a URL's file must be in torch's cache folder.")
  package var offline = false

  @Flag(help: "Download over plain http too.")
  package var allowHttp = false

  @Flag(help: "Take the digits in a URL's name, as in model-258fb6c6.pth, for no SHA-256.")
  package var noHash = false

  @Option(help: ArgumentHelp("Seconds that connecting to a URL's server may take.", valueName: "s"))
  package var connectTimeout = 30.0

  @Option(help: ArgumentHelp("Seconds until the first byte of its answer.", valueName: "s"))
  package var firstByteTimeout = 60.0

  @Option(help: ArgumentHelp("Seconds without a byte after that.", valueName: "s"))
  package var idleTimeout = 30.0

  @Option(help: ArgumentHelp("Times in a row that a lost connection is tried again.", valueName: "n"))
  package var retries = 4

  package init() {}

  package func validate() throws {
    guard min(connectTimeout, firstByteTimeout, idleTimeout) > 0 else {
      throw ValidationError("A time-out is a number of seconds above 0.")
    }
    guard retries >= 0 else { throw ValidationError("--retries is a whole number from 0.") }
  }

  /// The options as arguments for `pth2swt-fetch`.
  package var arguments: [String] {
    [
      "--connect-timeout=\(connectTimeout)", "--first-byte-timeout=\(firstByteTimeout)",
      "--idle-timeout=\(idleTimeout)", "--retries=\(retries)",
    ] + [(offline, "--offline"), (allowHttp, "--allow-http"), (noHash, "--no-hash")].filter(\.0).map(\.1)
  }
}
