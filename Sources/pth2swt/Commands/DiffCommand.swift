import ArgumentParser
import HTMLReports
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare names, shapes, dtypes and values of two checkpoints.",
    discussion: """
      Tensors with new names are paired by their bytes, and those that are equal after permuting their dimensions or after \
      a cast are named. The relative L2 distance is the norm of the difference divided by that of the first tensor; - where that is \
      zero or a value is not finite. Exit codes: 0 all tensors are identical, 1 they differ.

      EXAMPLES
        pth2swt diff model.pth model.swt
        pth2swt diff --top 5 epoch1.pth epoch2.pth
        pth2swt diff --html report.html epoch1.pth epoch2.pth
      """)

  @Argument(help: "First checkpoint.", completion: .checkpoint)
  var first: FilePath

  @Argument(help: "Second checkpoint.", completion: .checkpoint)
  var second: FilePath

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Option(
    help: ArgumentHelp("Write a page for a browser: distances on a map of the modules.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: FilePath?

  @Flag(help: "Overwrite the page if it exists.")
  var force = false

  @Option(help: ArgumentHelp("Number of changed tensors to list.", valueName: "n"))
  var top = 20

  @Option(help: "Order of changed tensors: by distance or by name.")
  var sort = DifferenceText.Order.distance

  func validate() throws {
    guard html != nil || !force else { throw ValidationError("--force needs --html FILE.") }
    guard top >= 0 else { throw ValidationError("--top must be 0 or more.") }
  }

  func run() throws {
    // --member is for the archive of the two; where neither is one, the second says so.
    let (stateDict, member) = try read(first, memberIsOptional: true)
    let stateDicts = try [stateDict, read(second, memberIsOptional: member != nil).stateDict]
    // Before any work that would be lost if it cannot be written.
    let page = try html.map { try AtomicFile(path: $0, overwrites: force) }
    let progress = ProgressLine()
    let difference = try stateDicts[1].difference(
      from: stateDicts[0], expandedByteCount: inputs.limits.expandedByteCount
    ) { progress.show($0) }
    progress.clear()
    if let page {
      let report = ReportPage(of: difference, from: stateDicts[0], to: stateDicts[1], files: [first, second])
      try page.write(Array(report.html(version: Subcommands.version).utf8))
      try page.commit()
    }
    if json {
      try printJSON(difference)
    } else if html == nil {
      print(DifferenceText(difference, [first, second], limit: top, sort, screen: screen).lines)
    }
    if !difference.isEmpty { throw Failure.no }
  }

  private func read(
    _ file: FilePath, memberIsOptional: Bool
  ) throws -> (stateDict: StateDict, member: String?) {
    let checkpoint = try inputs.open(file, memberIsOptional: memberIsOptional)
    return (try checkpoint.stateDict(key: key.key), checkpoint.member)
  }
}
