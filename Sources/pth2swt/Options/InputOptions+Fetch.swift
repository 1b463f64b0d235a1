import FetchMessages
import StateDicts

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension InputOptions {
  /// The path of the file that an argument means: a path as it is, a URL's file in torch's cache folder.
  func path(of argument: FilePath) throws -> FilePath {
    let input = argument.description
    let start = input.prefix(8).lowercased()
    guard start == "https://" || start.hasPrefix("http://") else { return argument }
    let child = try ChildProcess(Self.program, [input] + fetching.arguments)
    let progress = ProgressLine()
    var last: FetchMessage?
    child.forEachLine { line in
      last = FetchMessage(line: line)
      if case .progress(let completed, let total) = last {
        progress.show(Int(completed), of: total.map { Int($0) }, input.prefix { $0 != "?" }.split(separator: "/").last)
      }
    }
    progress.clear()
    child.wait()
    switch last {
    case .file(let path, let isNew):
      // Two URLs may end in one name: whoever gets the file of an earlier download is told which.
      if !isNew { printToStandardError("pth2swt: using \(path), which was there before") }
      return FilePath(path)
    case .failure(let code, let message, let file, let remedy):
      throw CheckpointError(.init(rawValue: code), message, file: file, remedy: remedy)
    case .progress, nil:
      throw CheckpointError(.inputOutput, "The download ended without a word.", file: input)
    }
  }

  /// `pth2swt-fetch`, which is installed beside this program.
  private static var program: String {
    get throws {
      #if os(Linux)
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      #else
        let own = Bundle.main.executablePath
      #endif
      let folder = URL(fileURLWithPath: own ?? CommandLine.arguments[0]).deletingLastPathComponent()
      let program = folder.appendingPathComponent("pth2swt-fetch").path
      guard FileManager.default.isExecutableFile(atPath: program) else {
        throw CheckpointError(
          .notFound, "URLs are fetched by the program pth2swt-fetch, which is not there.", file: program,
          remedy: "install it beside pth2swt, or download the file and give its path")
      }
      return program
    }
  }
}
