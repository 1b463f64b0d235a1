import ArgumentParser
import StateDicts

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How the command ends when something went wrong: one sentence, where, what to do; a code that scripts can test.
enum Failure {
  static func exit(with error: any Error) -> Never {
    guard let error = error as? CheckpointError else { Pth2swt.exit(withError: error) }
    if CommandLine.arguments.contains("--json") { try? printJSON(Report(error)) }
    printToStandardError("pth2swt: \(error)")
    Pth2swt.exit(withError: ExitCode(error.code.exitCode))
  }

  /// The answer is "no".
  static let no = ExitCode(1)

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
        code: error.code.rawValue, message: error.message, file: error.file, entry: error.entry, offset: error.offset,
        remedy: error.remedy)
    }
  }
}

extension CheckpointError.Code {
  /// The exit code by the conventions of `sysexits.h`.
  fileprivate var exitCode: Int32 {
    switch self {
    case .ambiguousStateDict: 64
    case .notFound, .notReadable, .isDirectory: 66
    case .outputExists, .cannotCreate: 73
    case .inputOutput: 74
    default: 65
    }
  }
}
