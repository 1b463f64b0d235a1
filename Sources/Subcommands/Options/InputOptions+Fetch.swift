import FetchMessages
package import StateDicts
import Terminal

extension InputOptions {
  /// Returns the path of an argument: a path unchanged, or that of a URL's file in torch's cache folder.
  package func path(of argument: FilePath) throws -> FilePath {
    let input = argument.description
    let start = input.prefix(8).lowercased()
    guard start == "https://" || start.hasPrefix("http://") else { return argument }
    let child = try ChildProcess(Program.fetch.path, [input] + fetching.arguments)
    let progress = ProgressLine()
    var last: FetchMessage?
    child.forEachLine { line in
      last = FetchMessage(line: line)
      if case .progress(let completed, let total) = last {
        let name = input.prefix { $0 != "?" }.split(separator: "/").last ?? ""
        progress.show(ByteProgress(completedByteCount: completed, totalByteCount: total, name: String(name)))
      }
    }
    progress.clear()
    child.wait()
    switch last {
    case .file(let path, let isNew):
      // URLs with the same last component share a file in the cache, so the message names the file that is used.
      if !isNew { printToStandardError("pth2swt: using the cached file \(path)") }
      return FilePath(path)
    case .failure(let code, let message, let file, let remedy):
      throw CheckpointError(.init(rawValue: code), message, file: file, remedy: remedy)
    case .progress, nil:
      throw CheckpointError(.inputOutput, "pth2swt-fetch ended without a result.", file: input)
    }
  }
}
