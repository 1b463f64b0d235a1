import Foundation

/// What is asked of a server.
struct Request: Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    /// The response has no body.
    case head = "HEAD"
  }

  let url: URL
  var method = Method.get
  var fields: [String: String] = ["User-Agent": "pth2swt", "Accept-Encoding": "identity"]
  let timeouts: Timeouts

  init(to url: URL, _ options: DownloadOptions, _ access: HubAccess?) {
    self.url = url
    timeouts = Timeouts(
      connecting: options.connectSeconds, firstByte: options.firstByteSeconds, silence: options.idleSeconds)
    fields["Authorization"] = access?.authorization(for: url)
  }
}

/// How long a server may take, in seconds.
struct Timeouts: Sendable {
  let connecting: TimeInterval
  let firstByte: TimeInterval
  let silence: TimeInterval
}
