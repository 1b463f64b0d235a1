package import ArgumentParser
import ModelParameters
package import StateDicts
import Terminal
import VisionModels

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Ends the command with an error: a message, the place, a remedy, and an exit code for scripts.
package enum Failure {
  /// Ends the command with an error.
  package static func exit<Command: ParsableCommand>(_: Command.Type, with error: any Error) -> Never {
    let isJSON = CommandLine.arguments.contains("--json")
    guard let (failure, code) = report(error) else {
      if isJSON, let usage = usage(of: Command.self, error) { try? printJSON(Report(usage)) }
      Command.end(with: error)
    }
    if isJSON { try? printJSON(Report(failure)) }
    Command.end(with: ExitCode(code), saying: lines(of: error, failure))
  }

  /// Prints the error of one of several files; the command continues.
  ///
  /// - Returns: The exit code of the failure.
  package static func show(_ error: any Error, of file: FilePath, isJSON: Bool) -> ExitCode {
    let (located, code) = of(error, at: file)
    guard report(error) != nil else { return code }
    if isJSON { printJSONLine(located) }
    let lines = lines(of: error, located)
    Output.diagnostics.write(["pth2swt: \(lines[0])"] + lines.dropFirst())
    return code
  }

  /// The error of one of several inputs, with its place and its exit code.
  static func of(_ error: any Error, at file: FilePath) -> (CheckpointError, ExitCode) {
    guard let (failure, code) = report(error) else {
      let code = NoArguments.exitCode(for: error)
      return (CheckpointError(.init(rawValue: "usage"), NoArguments.message(for: error), file: file.description), code)
    }
    return (failure.located(file: file.description), ExitCode(code))
  }

  /// Prints an error as one line of JSON.
  static func printJSONLine(_ error: CheckpointError) { try? printJSON(Report(error), isLine: true) }

  /// Any arguments know the exit code of what the argument parser throws.
  private struct NoArguments: ParsableArguments {}

  /// A match has a short form for people; in JSON it is complete.
  private static func lines(of error: any Error, _ failure: CheckpointError) -> [String] {
    (error as? MatchError)?.lines(indentation: "  ") ?? failure.lines
  }

  /// The error of a library with its exit code; nil for errors of the argument parser.
  private static func report(_ error: any Error) -> (CheckpointError, code: Int32)? {
    switch error {
    case let error as CheckpointError: (error, error.code.exitCode)
    case let error as ParameterError:
      // What the caller asked for is not there: a model, a number of layers.
      (CheckpointError(.init(rawValue: error.code.rawValue), error.message, remedy: error.remedy), 64)
    case let error as VisionError:
      (
        CheckpointError(
          .init(rawValue: error.code.rawValue), error.message, file: error.file, entry: error.layer,
          remedy: error.remedy), error.code.exitCode
      )
    case let error as MatchError:
      (
        CheckpointError(
          .init(rawValue: "noMatch"), error.match.torchMessage, remedy: error.match.fix.map { "\($0)" }), 65
      )
    default: nil
    }
  }

  /// A usage error of the argument parser; nil for a plain exit code, and for help and version.
  private static func usage(of command: any ParsableCommand.Type, _ error: any Error) -> CheckpointError? {
    guard !(error is ExitCode), !command.exitCode(for: error).isSuccess else { return nil }
    return CheckpointError(
      .init(rawValue: "usage"), command.message(for: error), remedy: "run pth2swt help for usage")
  }

  /// The answer is "no".
  package static let no = ExitCode(1)

  private struct Report: Encodable {
    struct Body: Encodable {
      let code: String
      let message: String
      let file: String?
      let entry: String?
      let offset: Int?
      let remedy: String?
    }
    let error: Body

    init(_ error: CheckpointError) {
      self.error = Body(
        code: error.code.rawValue, message: ([error.message] + error.details).joined(separator: "\n"), file: error.file,
        entry: error.entry, offset: error.offset,
        remedy: error.remedy)
    }
  }
}

extension CheckpointError.Code {
  /// The exit code by the conventions of `sysexits.h`.
  fileprivate var exitCode: Int32 {
    switch self {
    case .ambiguousStateDict, .malformedRenaming: return 64
    case .notFound, .notReadable, .isDirectory: return 66
    case .outputExists, .cannotCreate: return 73
    case .outOfMemory: return 71
    case .inputOutput: return 74
    default: break
    }
    // Of a download: TorchHub's codes.
    return switch rawValue {
    case "insecureURL": 64
    case "notCached": 66
    case "httpStatus", "connectionFailed", "noRanges": 74
    default: 65
    }
  }
}

extension VisionError.Code {
  /// The exit code by the conventions of `sysexits.h`.
  fileprivate var exitCode: Int32 {
    switch self {
    case .notFound, .notReadable: 66
    case .configuration: 64
    case .cannotCreate: 73
    case .arithmetic: 70
    case .outOfMemory: 71
    default: 65
    }
  }
}
