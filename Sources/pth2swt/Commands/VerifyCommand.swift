import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verify all checksums of checkpoints, and optionally a fingerprint.",
    discussion: """
      Folders are searched for checkpoints. Several inputs have a line each, a failure does not stop the rest, and the \
      exit code is that of the first failure.

      Exit codes: 0 success, 1 the fingerprint or the card differs or --values finds something, 65 a record is damaged.

      EXAMPLES
        pth2swt verify model.pth
        pth2swt verify model.pth --expect model.json
        pth2swt verify model.swt --audit card.json
        pth2swt verify model.pth --values --skip-check constant
        pth2swt verify runs/ other.pth
        pth2swt verify --files-from list.txt
      """)

  @Argument(
    help: ArgumentHelp(
      "Checkpoints: files, folders, URLs, hf://owner/name, or - (standard input).", valueName: "input"),
    completion: .checkpoint)
  var given: [FilePath] = []

  @OptionGroup var list: InputList

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
    /// With several inputs: which of them.
    var file: FilePath?
    let verification: Verification
    var changes: [String]?
    var audit: [String]?
    let findings: [ValueFinding]?
  }

  func validate() throws {
    if !skipCheck.isEmpty, !values { throw ValidationError("--skip-check needs --values.") }
    try list.requireInputs(given)
    if given.count > 1 || list.filesFrom != nil, expect != nil || audit != nil {
      throw ValidationError("--expect and --audit are for one checkpoint.")
    }
  }

  func run() throws {
    guard let input = list.single(given) else { return try verifyAll() }
    let checkpoint: Checkpoint
    do {
      checkpoint = try inputs.open(input)
    } catch let error as CheckpointError where error.code == .isDirectory && expect == nil && audit == nil {
      return try verifyAll()
    }
    try verify(checkpoint, input: input)
  }

  private func verifyAll() throws {
    let (found, passedOver) = try list.find(given)
    var batch = Batch("verified", isJSON: json)
    for input in found {
      batch.run(input) {
        let verification = try verification(of: inputs.open(input.path), input: input.path)
        let findings = values ? verification.findings : nil
        if json {
          try printJSON(Report(file: input.path, verification: verification, findings: findings), isLine: true)
        }
        guard let first = findings?.first else { return (.ok, Self.line(input.path, verification)) }
        let rest = verification.findings.count - 1
        return (
          .no, "\(input.path): \(first.name): \(first.message)" + (rest > 0 ? " and \(Readable.count(rest)) more" : "")
        )
      }
    }
    try batch.finish(passedOver: passedOver)
  }

  private var checks: [ValueFinding.Check] {
    ValueFinding.Check.allCases.filter { values && !skipCheck.contains($0) }
  }

  private static func line(_ input: FilePath, _ verification: Verification) -> String {
    "\(input): \(verification.recordCount) records, \(Readable.bytes(verification.byteCount)), none damaged"
      + (verification.withoutChecksum > 0 ? "; \(verification.withoutChecksum) have no checksum" : "")
  }

  /// - Throws: `checksumMismatch` for the first damaged record.
  private func verification(
    of checkpoint: Checkpoint, input: FilePath, onDamage: (Verification) -> Void = { _ in }
  ) throws -> Verification {
    let progress = ProgressLine()
    defer { progress.clear() }
    let verification = try checkpoint.verify(values: Set(checks)) { progress.show($0) }
    progress.clear()
    guard let damage = verification.damaged.first else { return verification }
    onDamage(verification)
    throw CheckpointError.damaged(
      "\(verification.damaged.count) of \(verification.recordCount) records are damaged; the first: "
        + damage.message, file: input.description, entry: damage.entry)
  }

  private func verify(_ checkpoint: Checkpoint, input: FilePath) throws {
    let expected = try expect.map { path -> Fingerprint in
      try readJSON(path, "a fingerprint", remedy: "create one with pth2swt fingerprint IN > FILE")
    }
    let card = try audit.map { path -> ConversionAudit in
      try readJSON(path, "a card of a conversion", remedy: "create one with pth2swt convert --audit FILE")
    }
    let verification = try verification(of: checkpoint, input: input) { verification in
      if !json { for other in verification.damaged { print("\(other.entry): \(other.message)") } }
    }
    let changes = try expected.map {
      try checkpoint.stateDict(key: key.key).shownFingerprint(inputs.limits).changes(since: $0)
    }
    let differences = try card.map { try $0.changes(in: checkpoint, at: input) }
    let findings = values ? verification.findings : nil
    if json {
      try printJSON(
        Report(verification: verification, changes: changes?.map(\.description), audit: differences, findings: findings)
      )
    } else {
      print(Self.line(input, verification))
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
