import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint",
    abstract: "Print the fingerprint of checkpoints as JSON.",
    discussion: """
      A fingerprint has the names, dtypes, shapes, CRC-32s and ties of all tensors. It is the same for a .pth and for \
      the .swt made from it. Several inputs, and the checkpoints in a folder, have a line each.

      EXAMPLES
        pth2swt fingerprint model.pth > model.json
        pth2swt verify model.swt --expect model.json
        pth2swt fingerprint runs/ > runs.jsonl
      """)

  @Argument(
    help: ArgumentHelp(
      "Checkpoints: files, folders, URLs, hf://owner/name, or - (standard input).", valueName: "input"),
    completion: .checkpoint)
  var given: [FilePath] = []

  @OptionGroup var list: InputList

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: .hidden)
  var json = false

  private struct Line: Encodable {
    let file: FilePath
    let fingerprint: Fingerprint

    private enum CodingKeys: CodingKey {
      case file
    }

    func encode(to encoder: any Encoder) throws {
      try fingerprint.encode(to: encoder)
      var object = encoder.container(keyedBy: CodingKeys.self)
      try object.encode(file, forKey: .file)
    }
  }

  func validate() throws {
    try list.requireInputs(given)
  }

  func run() throws {
    guard let input = list.single(given) else { return try printAll() }
    let checkpoint: Checkpoint
    do {
      checkpoint = try inputs.open(input)
    } catch let error as CheckpointError where error.code == .isDirectory {
      return try printAll()
    }
    try printJSON(checkpoint.stateDict(key: key.key).shownFingerprint(inputs.limits))
  }

  private func printAll() throws {
    let (found, passedOver) = try list.find(given)
    var batch = Batch("done", isJSON: true)
    for input in found {
      batch.run(input) {
        let fingerprint = try inputs.open(input.path).stateDict(key: key.key).shownFingerprint(inputs.limits)
        try printJSON(Line(file: input.path, fingerprint: fingerprint), isLine: true)
        return (.ok, "")
      }
    }
    try batch.finish(passedOver: passedOver)
  }
}

extension StateDict {
  /// The fingerprint, with progress on the terminal.
  func shownFingerprint(_ limits: CheckpointLimits) throws -> Fingerprint {
    let progress = ProgressLine()
    defer { progress.clear() }
    return try fingerprint(expandedByteCount: limits.expandedByteCount) { progress.show($0) }
  }
}
