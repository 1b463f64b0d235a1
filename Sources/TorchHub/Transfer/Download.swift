import Foundation
import StateDicts

/// A download: requests, redirects, resumes and retries until the part is complete.
struct Download: Sendable {
  let source: URL
  let part: PartialFile
  let hash: HashPrefix?
  let options: DownloadOptions
  /// What the server is asked with, and how its refusals are read, if it is Hugging Face's.
  var access: HubAccess?
  /// The size of the file, if it is known.
  var byteCount: Int64?
  let progress: @Sendable (ByteProgress) -> Void

  /// Downloads the file and gives it its name.
  func run() async throws {
    do {
      try await complete()
    } catch let error as CheckpointError where error.code == .limitExceeded {
      // More of it would be refused again.
      part.discard()
      throw error
    } catch {
      part.leave(hashed: hash != nil)
      throw error
    }
  }

  private func complete() async throws {
    var isFirst = true
    while true {
      try await fetch()
      let arrived = part.progress
      let count = arrived.completedByteCount
      progress(
        ByteProgress(
          completedByteCount: count, totalByteCount: count, name: arrived.name,
          resumedByteCount: arrived.resumedByteCount))
      do {
        try await offCooperativePool { [part, hash] in try part.finish(hash: hash) }
        return
      } catch let error as CheckpointError where error.code == .hashMismatch {
        // Pieces of two versions give a wrong hash too: then one whole download decides.
        guard isFirst, arrived.resumedByteCount > 0 else {
          part.discard()
          throw error
        }
        isFirst = false
        try part.reset()
      }
    }
  }

  /// Asks until all bytes are there.
  private func fetch() async throws {
    var url = source
    var redirects = 0
    var failures = 0
    var furthest = part.progress.completedByteCount
    let pace = Pace(options, attempts: options.retries + 1)
    let arrived = Locked(0)
    while true {
      try Task.checkCancellation()
      let resume = try await offCooperativePool { [part, source, hash] in
        try part.resumePoint(source: source, hashed: hash != nil)
      }
      if let resume, resume.byteCount == resume.record.totalBytes {
        part.resume()
        return
      }
      do {
        return try await ask(url, resume) { [source] byteCount in
          let total = arrived.withLock { arrived in
            arrived += byteCount
            return arrived
          }
          try pace.check(total, source)
        }
      } catch Turn.elsewhere(let next) {
        redirects += 1
        guard redirects <= options.redirects else {
          throw CheckpointError(
            .httpStatus, "The server redirects more than \(options.redirects) times.", file: source.shown)
        }
        url = next
      } catch Turn.over {
        try part.reset()
      } catch Turn.again(let error, let seconds) {
        // From the first URL: one that a redirect led to may hold only for a while.
        url = source
        redirects = 0
        let reached = part.progress.completedByteCount
        if reached > furthest { failures = 0 }
        furthest = max(furthest, reached)
        failures += 1
        guard failures <= options.retries else { throw error }
        try await Task.sleep(for: RetryDelay.after(failures, options, serverSays: seconds))
      }
    }
  }

  private func ask(
    _ url: URL, _ resume: PartialFile.ResumePoint?, arriving: @escaping @Sendable (_ byteCount: Int) throws -> Void
  ) async throws {
    var request = Request(to: url, options, access)
    if let resume {
      request.fields["Range"] = "bytes=\(resume.byteCount)-"
      request.fields["If-Range"] = resume.record.validator
    }
    let meter = Locked(ProgressMeter())
    let exchange = Exchange { [access, byteCount] head in
      try access?.check(head, at: url)
      try head.check(url, resume, allowsPlainHTTP: options.allowsPlainHTTP)
      if head.status == 206 {
        part.resume()
      } else {
        if let byteCount, let announced = head.byteCount, announced != byteCount {
          throw CheckpointError(
            .httpStatus, "The server announces \(announced) bytes, of a file of \(byteCount).", file: url.shown)
        }
        let total = byteCount ?? head.byteCount
        try part.begin(try PartialRecord(source: source, validator: head.validator, totalBytes: total))
      }
    } onBody: { data in
      try arriving(data.count)
      try checkSize(part.progress, adding: data.count)
      try part.append(data)
      let arrived = part.progress
      // The report that all is there comes once, from where it is known.
      guard arrived.completedByteCount != arrived.totalByteCount, meter.withLock({ $0.isDue() }) else { return }
      progress(arrived)
    }
    try await exchange.run(request)
    try checkWhole(url)
  }

  /// Refuses more bytes than the server announced, or than a file of unknown size may have.
  private func checkSize(_ arrived: ByteProgress, adding count: Int) throws(CheckpointError) {
    let size = arrived.completedByteCount + count
    if let total = arrived.totalByteCount {
      guard size > total else { return }
      throw CheckpointError(
        .httpStatus, "The server sends more than the \(total) bytes of the file.", file: source.shown)
    }
    guard size > options.unannouncedByteCount else { return }
    throw CheckpointError(
      .limitExceeded,
      "The server did not announce the size of the file, and sends more than \(options.unannouncedByteCount) bytes.",
      file: source.shown,
      remedy: "if you trust the server, raise the limit (unannouncedByteCount, --limit-factor 10)")
  }

  /// Refuses a body that ended early, though the client took it for whole, and one of no bytes.
  private func checkWhole(_ url: URL) throws {
    let count = part.progress.completedByteCount
    if let total = part.progress.totalByteCount, count != total {
      throw Turn.again(
        CheckpointError(.connectionFailed, "Connection lost after \(count) of \(total) bytes.", file: url.shown),
        after: nil)
    }
    guard count > 0 else {
      throw CheckpointError(.notACheckpoint, "The server sent an empty file.", file: url.shown)
    }
  }
}
