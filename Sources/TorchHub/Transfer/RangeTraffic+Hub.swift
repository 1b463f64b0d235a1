import Foundation
import StateDicts

extension RangeTraffic {
  /// The head of the response to a request without a body: of the file, or of the redirect that leads from the endpoint to it.
  func head(of hub: HuggingFaceHub) async throws -> ResponseHead {
    let answer = Locked<ResponseHead?>(nil)
    try await retrying { [self] url in
      // A redirect to another host says what is there; one on the endpoint is followed.
      let isAnswer: @Sendable (ResponseHead) -> Bool = { head in
        guard (300..<400).contains(head.status), head.hub.commit != nil, head.hub.tag != nil else { return false }
        let next = head.location.flatMap { URL(string: $0, relativeTo: url)?.absoluteURL }
        return next.map { !hub.isEndpoint($0) } ?? false
      }
      try await ask(
        url, .head, onHead: { head in answer.withLock { $0 = head } }, onBody: { _ in }, isAnswer: isAnswer)
    }
    guard let head = answer.withLock({ $0 }) else {
      throw CheckpointError(
        .connectionFailed, "The server closed the connection without a response.", file: source.shown)
    }
    return head
  }

  /// A whole body that is not large.
  ///
  /// - Throws: `limitExceeded` for one that is.
  func whole(limit: Int) async throws -> Data {
    let answer = Locked(Data())
    try await retrying { [self] url in
      answer.withLock { $0 = Data() }
      try await ask(url) { [source] head in
        guard head.status == 200, (head.byteCount ?? 0) <= Int64(limit) else { throw Self.tooLarge(limit, source) }
      } onBody: { [source] data in
        try answer.withLock { answer in
          guard answer.count + data.count <= limit else { throw Self.tooLarge(limit, source) }
          answer.append(data)
        }
      }
    }
    return answer.withLock { $0 }
  }

  private static func tooLarge(_ limit: Int, _ source: URL) -> CheckpointError {
    CheckpointError(.limitExceeded, "The server's answer has more than \(limit) bytes.", file: source.shown)
  }
}
