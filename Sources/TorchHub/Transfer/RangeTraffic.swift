import Foundation
import StateDicts

/// The requests for parts of one file: redirects, retries, and the checks of every answer.
final class RangeTraffic: Sendable {
  private struct State {
    var requestCount = 0
    var byteCount = 0
    /// Where the last redirect led to.
    var place: URL
  }

  let source: URL
  private let options: DownloadOptions
  private let access: HubAccess?
  private let requestLimit: Int
  private let state: Locked<State>

  /// The number of requests so far.
  var requestCount: Int { state.withLock { $0.requestCount } }
  /// The number of bytes received so far.
  var byteCount: Int { state.withLock { $0.byteCount } }

  /// - Parameter access: What the server is asked with, and how its refusals are read, if it is Hugging Face's.
  init(source: URL, options: DownloadOptions, access: HubAccess? = nil, requestLimit: Int) {
    self.source = source
    self.options = options
    self.access = access
    self.requestLimit = requestLimit
    state = Locked(State(place: source))
  }

  /// What the first answer says.
  struct Tail: Sendable {
    let data: Data
    let total: Int
    let validator: String?
  }

  /// The size of the file, with its last bytes.
  func tail(byteCount count: Int) async throws -> Tail {
    let answer = Locked((data: Data(), total: 0, validator: String?.none))
    try await retrying { [self] url in
      answer.withLock { $0 = (Data(), 0, nil) }
      let pace = Pace(options)
      try await ask(url, .get, ["Range": "bytes=-\(count)"]) { [source] head in
        guard head.status == 206 else { throw Self.noRanges(source) }
        guard let range = head.range, let total = range.total.flatMap({ Int(exactly: $0) }), total > 0,
          range.start == Int64(max(total - count, 0))
        else { throw Self.otherRange(source, head, "the last \(count) bytes") }
        try Self.checkLength(head, min(total, count), source)
        answer.withLock { ($0.total, $0.validator) = (total, head.validator) }
      } onBody: { [source] data in
        try answer.withLock { answer in
          try Self.checkArrived(answer.data.count + data.count, of: min(answer.total, count), source)
          try pace.check(answer.data.count, source)
          answer.data.append(data)
        }
      }
      let (data, total, _) = answer.withLock { $0 }
      guard data.count == min(total, count) else { throw Self.cutShort(data.count, min(total, count), source) }
    }
    return answer.withLock { Tail(data: $0.data, total: $0.total, validator: $0.validator) }
  }

  /// Reads a range, and goes on where a connection was lost.
  func read(
    _ range: Range<Int>, total: Int, validator: String?, _ receive: @escaping @Sendable (Data, Int) throws -> Void
  ) async throws {
    let position = Locked(range.lowerBound)
    try await retrying { [self] url in
      let start = position.withLock { $0 }
      let count = range.upperBound - start
      let pace = Pace(options)
      let fields = ["Range": "bytes=\(start)-\(range.upperBound - 1)", "If-Range": validator]
      try await ask(url, .get, fields.compactMapValues(\.self)) { [source] head in
        // If-Range: the whole file is the answer if it is another version.
        if head.status == 200 { throw validator == nil ? Self.noRanges(source) : Self.changed(source) }
        guard head.status == 206, let answered = head.range, answered.start == Int64(start) else {
          throw Self.otherRange(source, head, "bytes \(start) to \(range.upperBound - 1)")
        }
        guard answered.total == Int64(total), head.validator == nil || head.validator == validator else {
          throw Self.changed(source)
        }
        try Self.checkLength(head, count, source)
      } onBody: { [source] data in
        let place = position.withLock { $0 }
        try Self.checkArrived(place - start + data.count, of: count, source)
        try pace.check(place - start, source)
        try receive(data, place)
        position.withLock { $0 += data.count }
      }
      let reached = position.withLock { $0 }
      guard reached == range.upperBound else { throw Self.cutShort(reached - start, count, source) }
    }
  }

  // MARK: - Asking

  /// Asks until an answer is whole: again after a lost connection or from a busy server, elsewhere after a redirect.
  ///
  /// - Parameter attempt: Returns if the answer was whole.
  func retrying(
    _ attempt: @Sendable (URL) async throws -> Void
  ) async throws {
    var redirects = 0
    var failures = 0
    var reached = byteCount
    while true {
      try Task.checkCancellation()
      let place = state.withLock { $0.place }
      do {
        return try await attempt(place)
      } catch Turn.elsewhere(let next) {
        redirects += 1
        guard redirects <= options.redirects else {
          throw CheckpointError(
            .httpStatus, "The server redirects more than \(options.redirects) times.", file: source.shown)
        }
        try await checkRedirect(to: next)
        state.withLock { $0.place = next }
      } catch Turn.again(let error, let seconds) {
        // From the first URL: one that a redirect led to may hold only for a while.
        state.withLock { $0.place = source }
        redirects = 0
        let now = byteCount
        if now > reached { failures = 0 }
        reached = now
        failures += 1
        guard failures <= options.retries else { throw error }
        try await Task.sleep(for: RetryDelay.after(failures, options, serverSays: seconds))
      } catch let error as CheckpointError
        where place != source && (error.code == .httpStatus || error.code == .notFound)
      {
        // The address of a redirect may have expired since it was given.
        guard failures < options.retries else { throw error }
        failures += 1
        state.withLock { $0.place = source }
      }
    }
  }

  /// Refuses a redirect from elsewhere into this machine's own network.
  private func checkRedirect(to next: URL) async throws {
    let (from, to) = (source.host(percentEncoded: false) ?? "", next.host(percentEncoded: false) ?? "")
    guard from != to else { return }
    let isRefused = try await offCooperativePool { PrivateAddress.has(to) && !PrivateAddress.has(from) }
    guard !isRefused else {
      throw CheckpointError(
        .httpStatus, "The server redirects to \(next.shown), which is an address of a private network.",
        file: source.shown, remedy: "if that is the file you want, give its URL")
    }
  }

  /// Sends one request.
  ///
  /// - Parameters:
  ///   - fields: Of the request, beside those that all have.
  ///   - isAnswer: Whether a response is one that is not to be checked like a file: a part of one.
  func ask(
    _ url: URL, _ method: Request.Method = .get, _ fields: [String: String] = [:],
    onHead: @escaping @Sendable (ResponseHead) throws -> Void, onBody: @escaping @Sendable (Data) throws -> Void,
    isAnswer: @escaping @Sendable (ResponseHead) -> Bool = { $0.status == 206 }
  ) async throws {
    let count = state.withLock { state in
      state.requestCount += 1
      return state.requestCount
    }
    guard count <= requestLimit else {
      throw CheckpointError(
        .limitExceeded, "Reading the file takes more than \(requestLimit) requests.", file: source.shown,
        remedy: "download the whole file (--download)")
    }
    var request = Request(to: url, options, access)
    request.method = method
    request.fields.merge(fields) { $1 }
    let allowsPlainHTTP = options.allowsPlainHTTP
    let exchange = Exchange { [access] head in
      try access?.check(head, at: url)
      // Everything but a part or the whole is an error, a redirect or a reason to ask again.
      if !isAnswer(head) { try head.check(url, nil, allowsPlainHTTP: allowsPlainHTTP) }
      guard !head.isPacked || head.status != 206 else {
        throw CheckpointError(
          .httpStatus, "The server sends a compressed part of the file (Content-Encoding), which was not asked for.",
          file: url.shown, remedy: "download the whole file (--download)")
      }
      try onHead(head)
    } onBody: { [state] data in
      state.withLock { $0.byteCount += data.count }
      try onBody(data)
    }
    try await exchange.run(request)
  }

  // MARK: - Checks

  private static func checkArrived(_ received: Int, of expected: Int, _ source: URL) throws(CheckpointError) {
    guard received > expected else { return }
    throw CheckpointError(
      .httpStatus, "The server sends more than the \(expected) bytes that were asked for.", file: source.shown)
  }

  private static func checkLength(_ head: ResponseHead, _ expected: Int, _ source: URL) throws(CheckpointError) {
    guard let length = head.byteCount, length != Int64(expected) else { return }
    throw CheckpointError(
      .httpStatus, "The server announces \(length) bytes where \(expected) were asked for.", file: source.shown)
  }

  private static func noRanges(_ source: URL) -> CheckpointError {
    CheckpointError(
      .noRanges, "The server sends only the whole file, not a part of it.", file: source.shown,
      remedy: "download the whole file (--download)")
  }

  private static func otherRange(_ source: URL, _ head: ResponseHead, _ asked: String) -> CheckpointError {
    CheckpointError(
      .httpStatus,
      "The server was asked for \(asked), and answered with status \(head.status) and "
        + (head.range.map { "a range from byte \($0.start) of \($0.total.map(String.init) ?? "*")." } ?? "no range."),
      file: source.shown, remedy: "download the whole file (--download)")
  }

  private static func changed(_ source: URL) -> CheckpointError {
    CheckpointError(
      .inputOutput, "The file on the server changed while it was read.", file: source.shown, remedy: "try again")
  }

  private static func cutShort(_ received: Int, _ expected: Int, _ source: URL) -> Turn {
    .again(
      CheckpointError(.connectionFailed, "Connection lost after \(received) of \(expected) bytes.", file: source.shown),
      after: nil)
  }
}
