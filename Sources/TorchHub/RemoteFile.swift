public import Foundation
public import StateDicts

/// A file on a server, of which only parts are read, by range requests (RFC 9110).
///
///     let file = try await RemoteFile(at: url)
///     let header = try await file.read(0..<8)
///     file.byteCount, file.requestCount
///
/// The server must support ranges. A server that answers with something else than what was asked is refused: with another range, the
/// whole file, another length or version of the file, more bytes than there should be, or redirects to another scheme or into a
/// private network. How much, how long and how often it may answer is limited.
public struct RemoteFile: Sendable {
  /// The URL as given by the caller; of a file on Hugging Face, the one at the endpoint.
  public let url: URL
  /// The size of the file.
  public let byteCount: Int
  /// What the server calls this version of the file; nil if it does not say.
  public let validator: String?
  /// The number of requests so far, redirects included.
  public var requestCount: Int { traffic.requestCount }
  /// The number of bytes received so far.
  public var receivedByteCount: Int { traffic.byteCount }

  /// The largest distance between two ranges that are read with one request: to receive so many bytes takes less time than to ask.
  public static let joinedGap = 1 << 16
  /// How many bytes at the end of the file the first request reads: where a zip archive has its directory.
  public static let tailByteCount = 1 << 16
  /// How many requests one file may take.
  static let requestLimit = 10_000

  private let traffic: RangeTraffic
  /// The end of the file, which came with its size.
  private let tail: (start: Int, data: Data)

  /// Asks for the size of a file, and reads its end.
  ///
  /// - Parameters:
  ///   - url: An https URL.
  ///   - options: Time limits and the number of redirects and retries; `fileName` and `hash` are not used.
  /// - Throws: `CancellationError`; `CheckpointError` with one of the codes `noRanges`, `insecureURL`, `unsupported`, `notFound`,
  ///   `httpStatus`, `connectionFailed`, `notACheckpoint` (a web page, an empty file).
  public init(at url: URL, options: DownloadOptions = DownloadOptions()) async throws {
    try await self.init(at: url, nil, options)
  }

  /// Asks for the size of a file on Hugging Face, and reads its end.
  ///
  /// - Parameters:
  ///   - address: The address of a file; that of a folder's file is found by `HuggingFaceHub.resolve`.
  ///   - hub: The server and the token; nil for those of the environment. The cache is not used.
  ///   - options: Time limits and the number of redirects and retries.
  /// - Throws: As `init(at:options:)`.
  public init(
    at address: HuggingFaceAddress, on hub: HuggingFaceHub? = nil, options: DownloadOptions = DownloadOptions()
  ) async throws {
    let hub = try hub ?? HuggingFaceHub()
    try await self.init(at: hub.url(of: address), HubAccess(hub: hub, address: address), options)
  }

  private init(at url: URL, _ access: HubAccess?, _ options: DownloadOptions) async throws {
    try url.checkDownloadable(allowsPlainHTTP: options.allowsPlainHTTP)
    self.url = url
    let traffic = RangeTraffic(source: url, options: options, access: access, requestLimit: Self.requestLimit)
    let first = try await traffic.tail(byteCount: Self.tailByteCount)
    byteCount = first.total
    validator = first.validator
    tail = (first.total - first.data.count, first.data)
    self.traffic = traffic
  }

  /// Reads a range.
  ///
  /// - Throws: The errors of `init`; `inputOutput` for a range that is not in the file, and if the file changed.
  public func read(_ range: Range<Int>) async throws -> Data {
    try await read([range])[0]
  }

  /// Reads several ranges, with one request for those that are close to each other.
  ///
  /// - Returns: The bytes of each range.
  /// - Throws: The errors of `read(_:)`.
  public func read(_ ranges: [Range<Int>]) async throws -> [Data] {
    let pieces = Locked([(start: Int, data: Data)]())
    try await read(ranges) { data, start in
      pieces.withLock { pieces in
        if let last = pieces.last, last.start + last.data.count == start {
          pieces[pieces.count - 1].data.append(data)
        } else {
          pieces.append((start, data))
        }
      }
    }
    let found = pieces.withLock { $0 }
    return ranges.map { range in
      guard !range.isEmpty, let piece = found.last(where: { $0.start <= range.lowerBound }) else { return Data() }
      let place = range.lowerBound - piece.start
      return Data(piece.data[place..<place + range.count])
    }
  }

  /// Reads several ranges, with one request for those that are close to each other, and passes on what arrives.
  ///
  /// - Parameters:
  ///   - ranges: The ranges, which may overlap.
  ///   - receive: Called with bytes and their place in the file, in order; also with bytes between ranges.
  /// - Throws: The errors of `read(_:)`, and those of `receive`.
  public func read(
    _ ranges: [Range<Int>], receive: @escaping @Sendable (Data, Int) throws -> Void
  ) async throws {
    for range in ranges where range.lowerBound < 0 || range.upperBound > byteCount {
      throw CheckpointError(
        .inputOutput, "The range \(range) is not in the file of \(byteCount) bytes.", file: url.shown)
    }
    for range in Self.joined(ranges) {
      // What has come with the size is not asked for again.
      let wanted = range.lowerBound..<max(min(range.upperBound, tail.start), range.lowerBound)
      if !wanted.isEmpty {
        try await traffic.read(wanted, total: byteCount, validator: validator, receive)
      }
      if wanted.upperBound < range.upperBound {
        let place = max(wanted.upperBound, tail.start)
        try receive(Data(tail.data[(place - tail.start)..<(range.upperBound - tail.start)]), place)
      }
    }
  }

  /// The ranges sorted, those with less than `joinedGap` between them as one.
  static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var joined: [Range<Int>] = []
    for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = joined.last, range.lowerBound - last.upperBound <= joinedGap {
        joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    return joined
  }
}

extension CheckpointError.Code {
  /// The server cannot send a part of a file.
  public static let noRanges = Self(rawValue: "noRanges")
}
