import FetchMessages
import StateDicts
import Terminal

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The parts of a file on a server that a command looks at, which the fetching program puts into a sparse temporary file.
final class RemoteBytes: Sendable {
  /// What is at the URL.
  enum Source {
    case bytes(RemoteBytes)
    /// The whole file, which is in a cache folder.
    case cached(FilePath)
  }

  private struct Traffic {
    var requestCount = 1
    var byteCount = 0
  }

  /// What the file is called: its URL, or its address with a commit.
  let address: String
  private let child: Conversation
  private let traffic: Locked<Traffic>
  /// The bytes, which arrive when they are needed.
  let store: ByteStore

  /// Asks for the size of a file and its end.
  ///
  /// - Parameter usesCache: Whether a file in a cache folder is taken. In torch's it may be another one of that name.
  static func open(
    _ url: String, _ fetching: FetchOptions, usesCache: Bool = true
  ) throws(CheckpointError) -> Source {
    let path = try temporaryFile()
    // The child has the file open, and the mapping stays.
    defer { _ = unsafe path.withCString { unsafe unlink($0) } }
    let child = try Conversation(
      Program.fetch.path,
      ["--ranges=\(path.reversibleText)", url] + (usesCache ? [] : ["--no-cache"]) + fetching.arguments)
    switch try reply(of: child, url) {
    case .file(let path, _): return .cached(FilePath(path))
    case .opened(let byteCount, let address): return .bytes(try RemoteBytes(address, child, path, byteCount))
    default: throw CheckpointError.unexpectedAnswer(url)
    }
  }

  private init(_ address: String, _ child: Conversation, _ path: FilePath, _ byteCount: Int) throws(CheckpointError) {
    self.address = address
    self.child = child
    let traffic = Locked(Traffic(byteCount: min(byteCount, 1 << 16)))
    self.traffic = traffic
    let progress = ProgressLine()
    let arriving = ArrivingBytes(byteCount: byteCount) { range throws(CheckpointError) in
      defer { progress.clear() }
      try child.send("\(range.lowerBound) \(range.upperBound)\n")
      guard case .arrived(let requests, let bytes) = try Self.reply(of: child, address) else {
        throw CheckpointError.unexpectedAnswer(address)
      }
      traffic.withLock { $0 = Traffic(requestCount: requests, byteCount: bytes) }
      progress.show(ByteProgress(completedByteCount: bytes, totalByteCount: byteCount, name: address))
    }
    arriving.note(max(byteCount - 1 << 16, 0)..<byteCount)
    store = try ByteStore(path: path, arriving: arriving)
  }

  /// How much was read: "131.1 kB of 167.5 MB in 2 requests".
  static func summary(of files: [RemoteBytes]) -> String {
    let traffic = files.map { $0.traffic.withLock { $0 } }
    let byteCounts = [traffic.map(\.byteCount), files.map(\.store.count)].map {
      Readable.bytes($0.reduce(0) { $0 &+ $1 })
    }
    return "\(byteCounts[0]) of \(byteCounts[1]) in "
      + Readable.count(traffic.reduce(0) { $0 + $1.requestCount }, of: "request")
  }

  private static func reply(of child: Conversation, _ url: String) throws(CheckpointError) -> FetchMessage {
    guard let line = child.nextLine(), let message = FetchMessage(line: line) else {
      throw CheckpointError.noAnswer(url)
    }
    if let error = message.error { throw error }
    return message
  }

  private static func temporaryFile() throws(CheckpointError) -> FilePath {
    let folder = FilePath.temporaryFolder
    guard let file = folder.createTemporaryFile() else {
      throw CheckpointError(
        .cannotCreate, "No temporary file can be created: \(systemMessage(errno)).", file: folder.description,
        remedy: "set TMPDIR to a writable folder")
    }
    close(file.descriptor)
    return file.path
  }
}

extension CheckpointError {
  /// Returns the error for an answer of the fetching program to another question than it was asked.
  static func unexpectedAnswer(_ file: String) -> CheckpointError {
    CheckpointError(.inputOutput, "pth2swt-fetch gave another answer than expected.", file: file)
  }

  /// Returns the error for a fetching program that ended without an answer.
  static func noAnswer(_ file: String) -> CheckpointError {
    CheckpointError(.inputOutput, "pth2swt-fetch ended without a result.", file: file)
  }
}

extension FetchMessage {
  /// The error that the fetching program ended with; nil for other messages.
  var error: CheckpointError? {
    guard case .failure(let code, let message, let file, let remedy) = self else { return nil }
    return CheckpointError(.init(rawValue: code), message, file: file, remedy: remedy)
  }
}
