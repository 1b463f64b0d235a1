import ArgumentParser
import TorchCheckpoints

struct ScanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "List every global that a checkpoint names, and what each could do. Nothing is run.",
    discussion: """
      Exit 1 if any exists to run code, 0 if none does.

      EXAMPLES
        pth2swt scan model.pth
        pth2swt scan --json download.bin
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: String

  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print the report as JSON.")
  var json = false

  func run() async throws {
    var allowing = inputs
    allowing.allowDangerousGlobals = true
    let scan = try Scan(of: allowing.open(input))
    if json {
      try printJSON(scan)
    } else {
      var table = TextTable(rightAligned: [false, false, false])
      for row in scan.globals { table.add(row.verdict.rawValue, row.name, row.meaning) }
      print(table.lines.joined(separator: "\n"))
      for source in scan.sources { print("source text of \(source.name), from \(source.file)") }
    }
    if scan.isDangerous { throw Failure.no }
  }
}
