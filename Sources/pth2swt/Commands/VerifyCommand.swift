import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verify all checksums of a checkpoint, and optionally its fingerprint.",
    discussion: """
      Exit codes: 0 success, 1 the fingerprint or the card differs or --values finds something, 65 a record is damaged.

      EXAMPLES
        pth2swt verify model.pth
        pth2swt verify model.pth --expect model.json
        pth2swt verify model.swt --audit card.json
        pth2swt verify model.pth --values --skip-check constant
      """)

  @Argument(help: "Checkpoint: file, folder, URL, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @Option(
    help: ArgumentHelp("Fingerprint to compare with.", valueName: "file"), completion: .file(extensions: ["json"]))
  var expect: FilePath?

  @Option(
    help: ArgumentHelp("Card of convert --audit to repeat.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var audit: FilePath?

  @Flag(
    help: """
      Check values: nan, infinity, negative-variance (a running variance below zero), constant (a weight of two or more \
      dimensions with equal elements).
      """)
  var values = false

  @Option(
    help: ArgumentHelp("Check that --values leaves out (repeatable).", valueName: "check"),
    transform: { name in
      let names = ValueFinding.Check.allCases.map(\.rawValue).joined(separator: ", ")
      guard let check = ValueFinding.Check(rawValue: name) else { throw ValidationError("The checks are \(names).") }
      return check
    })
  var skipCheck: [ValueFinding.Check] = []

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    let verification: Verification
    let changes: [String]?
    let audit: [String]?
    let findings: [ValueFinding]?
  }

  func validate() throws {
    if !skipCheck.isEmpty, !values { throw ValidationError("--skip-check needs --values.") }
  }

  func run() throws {
    let checkpoint = try inputs.open(input)
    let expected = try expect.map { path -> Fingerprint in
      try readJSON(path, "a fingerprint", remedy: "create one with pth2swt fingerprint IN > FILE")
    }
    let card = try audit.map { path -> ConversionAudit in
      try readJSON(path, "a card of a conversion", remedy: "create one with pth2swt convert --audit FILE")
    }
    let progress = ProgressLine()
    defer { progress.clear() }
    let checks = ValueFinding.Check.allCases.filter { values && !skipCheck.contains($0) }
    let verification = try checkpoint.verify(values: Set(checks)) { progress.show($0) }
    progress.clear()
    if let damage = verification.damaged.first {
      if !json { for other in verification.damaged { print("\(other.entry): \(other.message)") } }
      throw CheckpointError.damaged(
        "\(verification.damaged.count) of \(verification.recordCount) records are damaged; the first: "
          + damage.message, file: input.description, entry: damage.entry)
    }
    let changes = try expected.map { try checkpoint.stateDict(key: key.key).fingerprint().changes(since: $0) }
    let differences = try card.map { try $0.changes(in: checkpoint, at: input) }
    let findings = values ? verification.findings : nil
    if json {
      try printJSON(
        Report(verification: verification, changes: changes?.map(\.description), audit: differences, findings: findings)
      )
    } else {
      print(
        "\(input): \(verification.recordCount) records, \(Readable.bytes(verification.byteCount)), none damaged"
          + (verification.withoutChecksum > 0 ? "; \(verification.withoutChecksum) have no checksum" : ""))
      if let expect, let changes {
        print(changes.map(\.description))
        print(changes.isEmpty ? "as \(expect) says" : "\(changes.count) changes since \(expect)")
      }
      if let audit, let differences {
        print(differences)
        print(differences.isEmpty ? "as \(audit) says" : "\(differences.count) differences from \(audit)")
      }
      if let findings {
        print(findings.map { "\($0.name): \($0.message)" })
        print(
          "values checked for \(checks.map(\.rawValue).joined(separator: ", ")): "
            + (findings.isEmpty ? "nothing found" : Readable.count(findings.count, of: "finding")))
      }
    }
    if changes?.isEmpty == false || differences?.isEmpty == false || findings?.isEmpty == false { throw Failure.no }
  }
}
