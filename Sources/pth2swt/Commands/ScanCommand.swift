import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "List all globals in the pickles of files and folders, without running them.",
    discussion: """
      known      makes tensors or plain values
      inert      only holds data
      unknown    on no list: your own classes, or functions with unknown effects
      dangerous  runs code, opens files or connections, or loads code

      As a gate, use --strict: it passes only globals that are known to be harmless. Without it, unknown globals pass, \
      and no list of dangerous globals is complete.

      Exit codes: 0 success, 1 something is dangerous (with --strict, dangerous or unknown), 65 something cannot be \
      read. In a folder, every file is scanned, and those that are not checkpoints are skipped.

      EXAMPLES
        pth2swt scan --strict model.pth
        pth2swt scan --json downloads/
        pth2swt scan --strict a.pth runs/
      """)

  @Argument(help: ArgumentHelp("Checkpoints, or folders of files.", valueName: "input"), completion: .checkpoint)
  var given: [FilePath] = []

  @OptionGroup var list: InputList

  @OptionGroup var inputs: InputOptions

  @Flag(help: "Also fail for unknown globals.")
  var strict = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try list.requireInputs(given)
  }

  func run() throws {
    guard let input = list.single(given) else { return try scanAll() }
    if input == FilePath("-") { return try show(Scan(standardInput: inputs.options)) }
    let path = try inputs.path(of: input)
    if path.isFolder { try run(folder: path) } else { try show(Scan(at: path, options: inputs.options)) }
  }

  private struct Summary: Encodable {
    let summary: [String: Int]
  }

  /// Scans several inputs, with a line for each file.
  private func scanAll() throws {
    let (found, passedOver) = try list.find(given, joinsFiles: false)
    var outcomes: [Scan.Outcome: Int] = [:]
    var isNo = false
    var hasFailed = false
    for input in found {
      let scan = scan(input)
      outcomes[scan.outcome, default: 0] += 1
      if json { try printJSON(scan, isLine: true) } else { print(Self.line(for: scan)) }
      isNo = isNo || fails(scan)
      hasFailed = hasFailed || scan.outcome == .broken || input.root == nil && scan.outcome == .notACheckpoint
    }
    if json {
      var summary = ["files": found.count, "passedOver": passedOver]
      for outcome in Scan.Outcome.allCases { summary[outcome.rawValue] = outcomes[outcome, default: 0] }
      try printJSON(Summary(summary: summary), isLine: true)
    } else {
      printSummary(of: found.count, passedOver) { outcomes[$0, default: 0] }
    }
    if isNo { throw Failure.no }
    if hasFailed { throw ExitCode(65) }
  }

  /// Whether the answer of the gate is no.
  private func fails(_ scan: Scan) -> Bool { scan.isDangerous || strict && scan.has(.unknown) }

  private func scan(_ input: FoundInput) -> Scan {
    if let failure = input.failure { return Scan(unreadable: input.path, failure) }
    guard input.root == nil else { return Scan(inFolder: input.path, options: inputs.options) }
    do {
      if input.path == FilePath("-") { return try Scan(standardInput: inputs.options) }
      return try Scan(at: inputs.path(of: input.path), options: inputs.options)
    } catch {
      return Scan(unreadable: input.path, CheckpointError.reading(error))
    }
  }

  private func printSummary(of count: Int, _ passedOver: Int, _ countOf: (Scan.Outcome) -> Int) {
    let counts = Scan.Outcome.allCases.map { "\(Readable.count(countOf($0))) \(Self.word(for: $0))" }
    print("\(Readable.count(count, of: "file")): \(counts.joined(separator: ", "))")
    if passedOver > 0 { print("\(Readable.count(passedOver)) symbolic links, pipes and devices were not opened") }
  }

  private func show(_ scan: Scan) throws {
    if json { try printJSON(scan) } else { Self.printRows(of: scan) }
    try finish([scan], throwing: true)
  }

  private func run(folder path: FilePath) throws {
    let report = try FolderScan(at: path, options: inputs.options) { scan in
      if !json { print(Self.line(for: scan)) }
    }
    if json {
      try printJSON(report)
    } else {
      printSummary(of: report.files.count, report.passedOver, report.count(of:))
    }
    try finish(report.files, throwing: false)
  }

  /// Throws the exit code of the worst scan.
  private func finish(_ scans: [Scan], throwing isSingle: Bool) throws {
    if isSingle, let error = scans.first?.error {
      if !scans.contains(where: fails), !json { throw error }
      if !json { Output.diagnostics.write(["pth2swt: \(error.lines[0])"] + error.lines.dropFirst()) }
    }
    if scans.contains(where: fails) { throw Failure.no }
    if scans.contains(where: { $0.outcome == .broken || isSingle && $0.outcome == .notACheckpoint }) {
      throw ExitCode(65)
    }
  }

  private static func printRows(of scan: Scan) {
    var table = TextTable(rightAligned: [false, false, false])
    for row in scan.globals {
      table.add([
        StyledText(row.verdict.rawValue, style(of: row.verdict)), StyledText(row.name), StyledText(row.meaning, .faint),
      ])
    }
    print(table.lines(on: Screen()))
    for source in scan.sources { print("source text of \(source.name), from \(source.file)") }
  }

  private static func style(of verdict: GlobalUse.Verdict) -> StyledText.Style {
    switch verdict {
    case .dangerous: .bad
    case .unknown: .warning
    case .known, .inert: .plain
    }
  }

  private static func word(for outcome: Scan.Outcome) -> String {
    switch outcome {
    case .clean: "clean"
    case .unknown: "with unknown globals"
    case .dangerous: "dangerous"
    case .broken: "that cannot be read"
    case .notACheckpoint: "skipped (no checkpoint)"
    }
  }

  /// One line for a file: the outcome and the reasons.
  private static func line(for scan: Scan) -> String {
    let outcome = scan.outcome == .notACheckpoint ? "skipped" : scan.outcome.rawValue
    let reasons: [String]
    switch scan.outcome {
    case .clean: reasons = []
    case .dangerous, .unknown:
      let verdict: GlobalUse.Verdict = scan.outcome == .dangerous ? .dangerous : .unknown
      reasons = scan.globals.filter { $0.verdict == verdict }.map(\.name)
    case .broken, .notACheckpoint: reasons = [scan.error?.message ?? ""]
    }
    let list = reasons.prefix(3).joined(separator: ", ") + (reasons.count > 3 ? " and \(reasons.count - 3) more" : "")
    return outcome + String(repeating: " ", count: max(11 - outcome.count, 2)) + scan.file
      + (list.isEmpty ? "" : "  " + list)
  }
}
