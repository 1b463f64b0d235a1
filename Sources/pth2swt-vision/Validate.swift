import ArgumentParser
import Subcommands
import Terminal
import VisionInference

struct Validate: ParsableCommand {
  static let configuration = ValidateArguments.configuration

  @OptionGroup var arguments: ValidateArguments

  func run() throws {
    let json = arguments.json
    let found = try Validation(arguments.fit(), threads: arguments.threads)
    if json {
      try printJSON(found)
    } else {
      print("\(found.model): \(found.trainableCount) parameters train, \(found.frozenCount) are frozen")
      print(found.stages.map { "\($0)" })
    }
    guard let expect = arguments.expect else { return }
    let expected: Validation = try readJSON(
      expect, "output of validate --json", remedy: "create it with pth2swt validate --json")
    let differences = found.differences(from: expected)
    for difference in differences { printToStandardError(difference) }
    if !differences.isEmpty { throw Failure.no }
    if !json { print("as expected") }
  }
}
