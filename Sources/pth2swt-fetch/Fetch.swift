import ArgumentParser
import FetchMessages
import Foundation
import StateDicts
import Terminal
import TorchHub

/// The part of the command that knows the network, as a program of its own: `pth2swt` starts it when it is given a URL.
///
/// A network client takes longer to load than most checkpoints to inspect; a command that reads local files does not
/// carry it. (git has its `git-remote-https` for the same reason.)
struct Fetch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pth2swt-fetch",
    abstract: "Downloads a URL into torch's cache folder, or a file on Hugging Face into that cache, for pth2swt.",
    discussion: "Called by pth2swt. Prints JSON, one line per message.")

  @Argument(help: "A URL, or hf://owner/name[@revision][/file].")
  var url: String

  @Option(help: "Fill this file with the parts that standard input asks for.")
  var ranges: String?

  @Flag(help: "Take no file of a cache folder for the one that is asked for.")
  var noCache = false

  @Option(help: "Multiply all limits by n.")
  var limitFactor = 1

  @OptionGroup var options: FetchOptions

  func run() async throws {
    do {
      let source = try Source(url)
      let isNew = Locked(false)
      var download = DownloadOptions(
        hash: options.noHash ? .none : .name, isOffline: options.offline, allowsPlainHTTP: options.allowHttp,
        connectSeconds: options.connectTimeout, firstByteSeconds: options.firstByteTimeout,
        idleSeconds: options.idleTimeout, retries: options.retries)
      download.unannouncedByteCount = download.unannouncedByteCount.times(max(limitFactor, 1)) ?? .max
      if let ranges {
        var offline = download
        offline.isOffline = true
        if !noCache, let cached = try? await source.download(offline) {
          return try Self.say(.file(path: cached.path, isNew: false))
        }
        let (file, address) = try await source.parts(download, isExact: noCache)
        return try await Ranges(of: file, at: address, into: ranges).serve()
      }
      let file = try await source.download(download) { report in
        isNew.withLock { $0 = true }
        try? Self.say(
          .progress(completedBytes: report.completedByteCount, totalBytes: report.totalByteCount, name: report.name))
      }
      try Self.say(.file(path: file.path, isNew: isNew.withLock { $0 }))
    } catch let error as CheckpointError {
      try Self.say(
        .failure(code: error.code.rawValue, message: error.message, file: error.file, remedy: error.remedy))
      throw ExitCode.failure
    }
  }

  static func say(_ message: FetchMessage) throws {
    try Output.results.write(json: message)
  }
}

@main
enum Main {
  static func main() async {
    do {
      var command = try Fetch.parseProgramArguments()
      if let fetch = command as? Fetch { try await fetch.run() } else { try command.run() }
      try Output.results.check()
    } catch let error as CheckpointError {
      Fetch.end(with: ExitCode(74), saying: error.lines)
    } catch {
      Fetch.end(with: error)
    }
  }
}
