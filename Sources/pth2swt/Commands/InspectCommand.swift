import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what is in a checkpoint.",
    discussion: """
      A summary, then the tensors: as a tree where they are many (--depth), as a table with --all or --filter.

      EXAMPLES
        pth2swt inspect model.pth
        pth2swt inspect --filter '*.layer1.*' model.pth
        pth2swt inspect --json --hashes model.pth
        pth2swt inspect *.pth
      """)

  @Argument(help: "The checkpoints; with --json, several give one line each.", completion: .checkpoint)
  var files: [FilePath]

  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print the report as JSON.")
  var json = false

  @Flag(help: "Add each tensor's SHA-256: of its contiguous little-endian bytes, in C order.")
  var hashes = false

  @Flag(
    help: "Add each tensor's minimum, maximum, mean, standard deviation, zeros, NaN and infinities; --json has more.")
  var stats = false

  @Flag(help: "List every tensor, however many there are.")
  var all = false

  @Option(help: ArgumentHelp("List the tensors whose names match; * stands for any text.", valueName: "pattern"))
  var filter: String?

  @Option(help: ArgumentHelp("Sum up the tree below this many levels.", valueName: "n"))
  var depth: Int?

  func run() throws {
    var failure: ExitCode?
    for (place, file) in files.enumerated() {
      if place > 0, !json { print("") }
      do {
        try show(report(on: file))
      } catch  where files.count > 1 {
        failure = failure ?? Failure.show(error, of: file, isJSON: json)
      }
    }
    if let failure { throw failure }
  }

  private func report(on file: FilePath) throws -> Inspection {
    let checkpoint = try inputs.open(file)
    let progress = ProgressLine()
    defer { progress.clear() }
    let sum = ProgressSum(total: checkpoint.tensors.reduce(0) { $0 &+ $1.tensor.byteCount }) { progress.show($0) }
    let hash = { @Sendable (tensor: Tensor) in try SHA256Text.of(tensor) { sum.add($0, tensor.storage.entry) } }
    let report = try Inspection(
      of: checkpoint, statistics: stats, progress: { progress.show($0) }, hash: hashes ? hash : nil)
    progress.clear()
    if let filter, report.filtered(by: filter).tensors.isEmpty {
      let place = files.count > 1 ? " in \(file)" : ""
      printToStandardError("pth2swt: --filter '\(filter)' matches no tensor's name\(place)")
    }
    return report
  }

  private func show(_ report: Inspection) throws {
    if json {
      try printJSON(filter.map { report.filtered(by: $0) } ?? report, isLine: files.count > 1)
    } else {
      print(InspectionText(report, filter: filter, depth: depth, listsAll: all || hashes || stats).lines)
    }
  }
}
