import FetchMessages
import Foundation
import StateDicts
import TorchHub

/// Parts of a file on a server, as `pth2swt` asks for them.
///
///     > 0 65536                                          a range, on standard input
///     {"arrived":{"bytes":131072,"requests":2}}          on standard output, when it is in the file
struct Ranges {
  let file: RemoteFile
  private let output: FileHandle

  /// Makes a sparse file of the size of the other.
  ///
  /// - Parameter address: What the file is called from now on.
  init(of file: RemoteFile, at address: String, into path: String) async throws {
    self.file = file
    guard let output = FileHandle(forUpdatingAtPath: path) else {
      throw CheckpointError(.cannotCreate, "The temporary file cannot be written.", file: path)
    }
    self.output = output
    try output.truncate(atOffset: UInt64(file.byteCount))
    // The end has come with the size.
    try await fetch(max(file.byteCount - RemoteFile.tailByteCount, 0)..<file.byteCount)
    try Fetch.say(.opened(bytes: file.byteCount, address: address))
  }

  /// Serves ranges until standard input ends.
  func serve() async throws {
    while let line = readLine() {
      let ends = line.split(separator: " ").compactMap { Int($0) }
      guard ends.count == 2, ends[0] <= ends[1] else {
        throw CheckpointError(.inputOutput, "Not a range: \(line)")
      }
      try await fetch(ends[0]..<ends[1])
      try Fetch.say(.arrived(requests: file.requestCount, bytes: file.receivedByteCount))
    }
  }

  private func fetch(_ range: Range<Int>) async throws {
    let output = Locked(output)
    try await file.read([range]) { data, place in
      try output.withLock { output in
        try output.seek(toOffset: UInt64(place))
        try output.write(contentsOf: data)
      }
    }
  }
}
