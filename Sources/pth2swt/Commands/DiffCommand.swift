import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare names, shapes, dtypes and values of two checkpoints.",
    discussion: """
      Exit codes: 0 all tensors are identical, 1 they differ.

      EXAMPLES
        pth2swt diff model.pth model.swt
        pth2swt diff --json epoch1.pth epoch2.pth
      """)

  @Argument(help: "First checkpoint.", completion: .checkpoint)
  var first: FilePath

  @Argument(help: "Second checkpoint.", completion: .checkpoint)
  var second: FilePath

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    // --member is for the archive of the two; where neither is one, the second says so.
    let checkpoint = try inputs.open(first, memberIsOptional: true)
    let other = try inputs.open(second, memberIsOptional: checkpoint.member != nil)
    let stateDicts = try [checkpoint, other].map { try $0.stateDict(key: key.key) }
    let difference = try stateDicts[1].difference(from: stateDicts[0])
    if json { try printJSON(difference) } else { print(lines(difference)) }
    if !difference.isEmpty { throw Failure.no }
  }

  private func lines(_ difference: Difference) -> [String] {
    var lines = difference.onlyInFirst.map { "- \($0): only in \(first)" }
    lines += difference.onlyInSecond.map { "+ \($0): only in \(second)" }
    lines += difference.forms.map { "! \($0.name): \($0.first) | \($0.second)" }
    lines += difference.values.map { values in
      let maximum = values.maximum.map { ", at most by \($0)" } ?? ""
      return
        "~ \(values.name): \(Readable.count(values.elements)) of \(Readable.count(values.of)) elements differ\(maximum)"
    }
    lines.append(
      difference.isEmpty
        ? "the same \(Readable.count(difference.same, of: "tensor"))"
        : "the same: \(Readable.count(difference.same, of: "tensor"))")
    return lines
  }
}
