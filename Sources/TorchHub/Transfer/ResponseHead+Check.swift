import Foundation
import StateDicts

extension ResponseHead {
  /// Returns if the body is the file, or the rest of it; throws a turn or an error for every other response.
  ///
  /// - Throws: `Turn`; `notFound`, `httpStatus`, `notACheckpoint`, `insecureURL`, `unsupported`.
  func check(_ url: URL, _ resume: PartialFile.ResumePoint?, allowsPlainHTTP: Bool) throws {
    switch status {
    case 200:
      try checkMediaType(url)
    case 206:
      guard let resume else { throw refusal(url) }
      // A server may heed Range and not If-Range: then the answer itself shows that the file is another one.
      guard let range, !isPacked, range.start == resume.byteCount, range.total == resume.record.totalBytes,
        resume.record.validator == nil || validator == nil || validator == resume.record.validator
      else { throw Turn.over }
    case 301, 302, 303, 307, 308:
      guard let next = location.flatMap({ URL(string: $0, relativeTo: url)?.absoluteURL }) else { throw refusal(url) }
      try next.checkDownloadable(allowsPlainHTTP: allowsPlainHTTP)
      throw Turn.elsewhere(next)
    case 416 where resume != nil:
      throw Turn.over
    case 404, 410:
      throw CheckpointError(
        .notFound, "The server has no such file (status \(status)).", file: url.shown, remedy: "check the URL")
    case 408, 429, 500, 502, 503, 504:
      throw Turn.again(refusal(url), after: retryAfter)
    default:
      throw refusal(url)
    }
  }

  private func refusal(_ url: URL) -> CheckpointError {
    let needsLogin = status == 401 || status == 403
    return CheckpointError(
      .httpStatus, "The server answered with status \(status).", file: url.shown,
      remedy: needsLogin ? "download the file with your login, and give its path" : nil)
  }

  /// Sites answer with a page where a file is not public, or where the URL is that of the page about it.
  private func checkMediaType(_ url: URL) throws {
    guard mediaType == "text/html", !url.path.lowercased().hasSuffix(".html") else { return }
    throw CheckpointError(
      .notACheckpoint, "The URL leads to a web page, not to a weights file.", file: url.shown,
      remedy:
        "use the URL of the file itself: on Hugging Face /resolve/ instead of /blob/, or hf://owner/name; on GitHub /raw/"
    )
  }
}
