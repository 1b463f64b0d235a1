import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check every byte of a checkpoint, and that nothing changed since a fingerprint was taken.",
    discussion: """
      Exit 0 if all is well, 65 if a record is damaged, 1 if the tensors are not those of the fingerprint or --values finds
      something.

      EXAMPLES
        pth2swt verify model.pth
        pth2swt fingerprint model.pth > model.json
        pth2swt verify model.pth --expect model.json
        pth2swt verify model.pth --values --skip-check constant
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: FilePath

  @Option(
    help: ArgumentHelp("A fingerprint to hold it against.", valueName: "file"), completion: .file(extensions: ["json"]))
  var expect: FilePath?

  @Flag(
    help: """
      Also look for NaN, infinities, running variances below zero (negative-variance), and weights of two or more \
      dimensions that are one value throughout (constant).
      """)
  var values = false

  @Option(
    help: ArgumentHelp("A check that --values leaves out; can be repeated.", valueName: "check"),
    transform: { name in
      let names = ValueFinding.Check.allCases.map(\.rawValue).joined(separator: ", ")
      guard let check = ValueFinding.Check(rawValue: name) else { throw ValidationError("The checks are \(names).") }
      return check
    })
  var skipCheck: [ValueFinding.Check] = []

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print the report as JSON.")
  var json = false

  private struct Report: Encodable {
    let verification: Verification
    let changes: [String]?
    let findings: [ValueFinding]?
  }

  func validate() throws {
    if !skipCheck.isEmpty, !values { throw ValidationError("--skip-check needs --values.") }
  }

  func run() throws {
    let checkpoint = try inputs.open(input)
    let expected = try expect.map { path -> Fingerprint in
      try readJSON(path, "a fingerprint", remedy: "make one: pth2swt fingerprint IN > FILE")
    }
    let progress = ProgressLine()
    defer { progress.clear() }
    let verification = try checkpoint.verify { progress.show($0) }
    progress.clear()
    if let damage = verification.damaged.first {
      if !json { for other in verification.damaged { print("\(other.entry): \(other.message)") } }
      throw CheckpointError.damaged(
        "\(verification.damaged.count) of \(verification.records) records are damaged; the first: "
          + damage.message, file: input.description, entry: damage.entry)
    }
    let changes = try expected.map { try checkpoint.stateDict(key: key.key).fingerprint().changes(since: $0) }
    let checks = ValueFinding.Check.allCases.filter { !skipCheck.contains($0) }
    let findings = values ? try checkpoint.findings(Set(checks)) { progress.show($0) } : nil
    progress.clear()
    if json {
      try printJSON(
        Report(verification: verification, changes: changes?.map(\.description), findings: findings))
    } else {
      print(
        "\(input): \(verification.records) records, \(Readable.bytes(verification.bytes)), none damaged"
          + (verification.withoutChecksum > 0 ? "; \(verification.withoutChecksum) have no checksum" : ""))
      if let expect, let changes {
        print(changes.map(\.description))
        print(changes.isEmpty ? "as \(expect) says" : "\(changes.count) changes since \(expect)")
      }
      if let findings {
        print(findings.map { "\($0.name): \($0.message)" })
        print(
          "values checked for \(checks.map(\.rawValue).joined(separator: ", ")): "
            + (findings.isEmpty ? "nothing found" : Readable.count(findings.count, of: "finding")))
      }
    }
    if changes?.isEmpty == false || findings?.isEmpty == false { throw Failure.no }
  }
}
