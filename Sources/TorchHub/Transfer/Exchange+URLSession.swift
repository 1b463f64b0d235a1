#if !os(Linux)
  import Foundation
  import StateDicts

  /// One request and its response, with the body handed on as it arrives.
  ///
  /// Redirects are not followed: they come out as responses, so that who asks decides where to go, and the request's
  /// own fields (`Range`) go along on every platform.
  final class Exchange: NSObject, URLSessionDataDelegate {
    private struct State {
      var continuation: CheckedContinuation<Void, any Error>?
      var hasHead = false
      var isOver = false
    }

    private let state = Locked(State())
    private let onHead: @Sendable (ResponseHead) throws -> Void
    private let onBody: @Sendable (Data) throws -> Void

    /// Both closures are called on a queue of the session's, one call at a time; what they throw ends the exchange.
    init(
      onHead: @escaping @Sendable (ResponseHead) throws -> Void, onBody: @escaping @Sendable (Data) throws -> Void
    ) {
      self.onHead = onHead
      self.onBody = onBody
    }

    /// Sends the request and returns when the body is complete.
    ///
    /// - Throws: What a closure threw; `CancellationError`; `Turn.again` or `connectionFailed` if the network failed.
    func run(_ request: Request) async throws {
      let queue = OperationQueue()
      queue.maxConcurrentOperationCount = 1
      let session = URLSession(configuration: Self.configuration, delegate: self, delegateQueue: queue)
      // A session holds on to its delegate until it is invalidated.
      defer { session.invalidateAndCancel() }
      var asked = URLRequest(url: request.url)
      asked.httpMethod = request.method.rawValue
      // One time-out for all that may keep us waiting; the session begins anew with each byte.
      let timeouts = request.timeouts
      asked.timeoutInterval = max(timeouts.connecting, timeouts.firstByte, timeouts.silence)
      for (name, value) in request.fields { asked.setValue(value, forHTTPHeaderField: name) }
      let task = session.dataTask(with: asked)
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let isOver = state.withLock { state in
            if !state.isOver { state.continuation = continuation }
            return state.isOver
          }
          if isOver { continuation.resume(throwing: CancellationError()) } else { task.resume() }
        }
      } onCancel: {
        end(.failure(CancellationError()))
      }
    }

    /// Nothing is kept between downloads: no cookies, no cached bodies, no passwords.
    private static var configuration: URLSessionConfiguration {
      let configuration = URLSessionConfiguration.ephemeral
      configuration.urlCache = nil
      configuration.httpCookieStorage = nil
      configuration.httpShouldSetCookies = false
      configuration.urlCredentialStorage = nil
      configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
      return configuration
    }

    private var isOver: Bool { state.withLock { $0.isOver } }

    /// Only the first end counts; calls of the session that come after it find nothing to do.
    private func end(_ result: Result<Void, any Error>) {
      let continuation = state.withLock { state in
        state.isOver = true
        return state.continuation.take()
      }
      continuation?.resume(with: result)
    }

    private func receive(_ response: URLResponse) {
      guard let response = response as? HTTPURLResponse else { return }
      let isFirst = state.withLock { state in
        defer { state.hasHead = true }
        return !state.hasHead && !state.isOver
      }
      guard isFirst else { return }
      do { try onHead(ResponseHead(status: response.statusCode) { response.value(forHTTPHeaderField: $0) }) } catch {
        end(.failure(error))
      }
    }

    func urlSession(
      _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
      completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
      receive(response)
      completionHandler(isOver ? .cancel : .allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
      guard !isOver else { return }
      do { try onBody(data) } catch { end(.failure(error)) }
    }

    func urlSession(
      _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
      newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
      // The response comes by itself when the task completes.
      completionHandler(nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
      if error == nil, let response = task.response { receive(response) }
      guard let error else { return end(.success(())) }
      let hasHead = state.withLock { $0.hasHead }
      let code = URLError.Code(rawValue: (error as NSError).code)
      let failure = CheckpointError(
        .connectionFailed,
        hasHead
          ? "Connection lost: \(error.localizedDescription)" : "No connection: \(error.localizedDescription)",
        file: task.originalRequest?.url?.shown)
      // A name that is not known, a refused port and a certificate that is not trusted stay so.
      let isPassing = hasHead || code == .timedOut || code == .networkConnectionLost
      end(.failure(isPassing ? Turn.again(failure, after: nil) : failure))
    }
  }
#endif
