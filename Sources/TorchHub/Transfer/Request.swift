import Foundation

/// What is asked of a server.
struct Request: Sendable {
  let url: URL
  var fields: [String: String] = ["User-Agent": "pth2swt", "Accept-Encoding": "identity"]
  let timeouts: Timeouts
}

/// How long a server may take, in seconds.
struct Timeouts: Sendable {
  let connecting: TimeInterval
  let firstByte: TimeInterval
  let silence: TimeInterval
}
