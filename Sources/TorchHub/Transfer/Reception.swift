#if os(Linux)
  import CPth2swtCurl
  import Foundation
  import StateDicts

  /// What arrives in one exchange, and how long nothing has. (All calls come from the thread that performs it.)
  final class Reception {
    private let request: Request
    private let isCancelled: Locked<Bool>
    private let onHead: (ResponseHead) throws -> Void
    private let onBody: (Data) throws -> Void

    private var status = 0
    private var fields: [String: String] = [:]
    private var headByteCount = 0
    private var hasHead = false
    /// When the request was sent, or the last byte came; nil before.
    private var lastSign: ContinuousClock.Instant?
    private var failure: (any Error)?

    /// How many bytes of the body have arrived, compressed if they were sent so, and what they were unpacked to.
    private var sentByteCount = 0
    private var bodyByteCount = 0

    /// The largest ratio of the two, above `unpackedByteCount`: weights hardly compress, and zeros a thousandfold.
    private static let inflationLimit = 100
    private static let unpackedByteCount = 64 << 20
    /// A head of more bytes than this is no head: 256 KiB.
    private static let headLimit = 1 << 18

    init(
      _ request: Request, _ isCancelled: Locked<Bool>, _ onHead: @escaping (ResponseHead) throws -> Void,
      _ onBody: @escaping (Data) throws -> Void
    ) {
      self.request = request
      self.isCancelled = isCancelled
      self.onHead = onHead
      self.onBody = onBody
    }

    static func at(_ state: UnsafeMutableRawPointer?) -> Reception? {
      unsafe state.map { unsafe Unmanaged<Reception>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: - What arrives

    /// The connection is there, and the request is about to be sent.
    func beginWaiting() { lastSign = .now }

    /// A line of a head: the status, a field, or the empty one at the end.
    func receive(line: UnsafeRawBufferPointer) -> Int {
      guard !hasHead else { return line.count }
      lastSign = .now
      headByteCount += line.count
      guard headByteCount <= Self.headLimit else {
        failure = CheckpointError(.connectionFailed, "The response header is incomplete.", file: place)
        return 0
      }
      let text = unsafe String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      if text.isEmpty {
        // A head of 1xx announces another.
        guard status >= 200 else { return line.count }
        hasHead = true
        return pass(line.count) { try onHead(ResponseHead(status: status) { fields[$0.lowercased()] }) }
      }
      if text.hasPrefix("HTTP/") {
        status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        fields = [:]
      } else if let colon = text.firstIndex(of: ":") {
        fields[text[..<colon].lowercased()] = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
      return line.count
    }

    func receive(body: UnsafeRawBufferPointer) -> Int {
      lastSign = .now
      bodyByteCount += body.count
      return pass(body.count) {
        guard (bodyByteCount - Self.unpackedByteCount) / Self.inflationLimit <= sentByteCount else {
          throw CheckpointError(
            .limitExceeded,
            "The server sends a compressed file (Content-Encoding) that grows more than \(Self.inflationLimit)-fold.",
            file: place, remedy: "if you trust the server, download the file with another program, and give its path")
        }
        try unsafe onBody(Data(body))
      }
    }

    /// Called after bytes have arrived, and at least once a second.
    ///
    /// - Returns: Whether to go on.
    func progress(sent byteCount: Int) -> Bool {
      sentByteCount = byteCount
      return isPatient
    }

    /// How many bytes are taken: all, or none if the work fails, which makes curl end the exchange.
    private func pass(_ count: Int, _ work: () throws -> Void) -> Int {
      do {
        try work()
        return count
      } catch {
        failure = error
        return 0
      }
    }

    // MARK: - What does not

    /// Whether to wait on.
    private var isPatient: Bool {
      if isCancelled.withLock({ $0 }) {
        failure = CancellationError()
      } else if let lastSign {
        let limit = headByteCount > 0 ? request.timeouts.silence : request.timeouts.firstByte
        guard ContinuousClock.now - lastSign > .seconds(limit) else { return true }
        let message =
          headByteCount > 0
          ? "The server sent nothing for \(limit) s." : "The server did not respond for \(limit) s."
        failure = Turn.again(CheckpointError(.connectionFailed, message, file: place), after: nil)
      } else {
        return true
      }
      return false
    }

    /// Returns if the exchange came to a good end.
    func end(_ code: CURLcode) throws {
      if let failure { throw failure }
      guard code != CURLE_OK else {
        guard hasHead else { throw broken("The server closed the connection without a response.") }
        return
      }
      if code == CURLE_OPERATION_TIMEDOUT {
        throw Turn.again(broken("Connecting took longer than \(request.timeouts.connecting) s."), after: nil)
      }
      let reason = unsafe String(cString: curl_easy_strerror(code))
      // A name that is not known, a refused port and a certificate that is not trusted stay so.
      guard hasHead || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING else {
        throw broken("No connection: \(reason)")
      }
      throw Turn.again(broken("Connection lost: \(reason)"), after: nil)
    }

    private func broken(_ message: String) -> CheckpointError {
      CheckpointError(.connectionFailed, message, file: place)
    }

    private var place: String { request.url.shown }
  }
#endif
