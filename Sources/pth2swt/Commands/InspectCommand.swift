import ArgumentParser
import HTMLReports
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints
import VisionModels

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the contents of a checkpoint.",
    discussion: """
      Many tensors are shown as a tree (see --depth), or as a table with --all or --filter.

      EXAMPLES
        pth2swt inspect model.pth
        pth2swt inspect --json --hashes model.pth
        pth2swt inspect model.pth --html report.html --model fasterrcnn_resnet50_fpn
      """)

  @Argument(
    help:
      "Checkpoints: files, folders, URLs, hf://owner/name, or - (standard input). With --json, a line each if several.",
    completion: .checkpoint)
  var files: [FilePath]

  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Add the SHA-256 of each tensor.")
  var hashes = false

  @Flag(help: "Add statistics of each tensor: range, mean, spread, zeros, NaN.")
  var stats = false

  @Flag(help: "List all tensors, marks and notes.")
  var all = false

  @Option(help: ArgumentHelp("List tensors with matching names, e.g. '*.weight'.", valueName: "pattern"))
  var filter: String?

  @Option(help: ArgumentHelp("Depth of the tree (default: fits the screen).", valueName: "n"))
  var depth: Int?

  @Option(
    help: ArgumentHelp("Write a page for a browser, with statistics and a map of the modules.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: FilePath?

  @Option(
    help: ArgumentHelp("Compare with this model in the page.", valueName: "name"), completion: .model)
  var model: String?

  @Flag(help: "Replace an existing page.")
  var force = false

  func validate() throws {
    guard html == nil || files.count == 1 else { throw ValidationError("--html describes one checkpoint.") }
    guard html != nil || model == nil else { throw ValidationError("--model needs --html FILE.") }
  }

  func run() throws {
    var failure: ExitCode?
    for (place, file) in files.enumerated() {
      if place > 0, !json { print("") }
      do {
        // Hashes and statistics are of all bytes.
        let checkpoint = try hashes || stats || html != nil ? inputs.open(file) : inputs.openParts(file)
        // Before any work that would be lost if it cannot be written.
        let page = try html.map { try AtomicFile(path: $0, overwrites: force) }
        let fit = try model.map { try ModelFit(checkpoint.stateDict(), as: VisionModel.Name(rawValue: $0)) }
        let report = try report(on: checkpoint, file)
        try page?.write(Array(ReportPage(of: report, fit: fit).html(version: Subcommands.version).utf8))
        try page?.commit()
        if html == nil || json { try show(report) }
      } catch  where files.count > 1 {
        let code = Failure.show(error, of: file, isJSON: json)
        failure = failure ?? code
      }
    }
    if let failure { throw failure }
  }

  private func report(on checkpoint: Checkpoint, _ file: FilePath) throws -> Inspection {
    let progress = ProgressLine()
    defer { progress.clear() }
    let sum = ProgressSum(total: checkpoint.tensors.reduce(0) { $0 &+ $1.tensor.byteCount }) { progress.show($0) }
    let hash = { @Sendable (tensor: Tensor) in try SHA256Text.of(tensor) { sum.add($0, tensor.storage.entry) } }
    let report = try checkpoint.inspect(
      statistics: stats || html != nil, hash: hashes ? hash : nil, progress: { progress.show($0) })
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
      print(
        InspectionText(report, filter: filter, depth: depth, listsAll: all || hashes || stats, screen: screen).lines)
    }
  }
}
