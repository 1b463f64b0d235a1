import ArgumentParser
import StateDicts
import TorchCheckpoints

/// How inputs are opened: the same for every subcommand.
struct InputOptions: ParsableArguments {
  @Flag(name: .customLong("no-mmap"), help: "Read the file into memory instead of mapping it.")
  var copies = false

  @Flag(help: "Go on where the pickle names a global that exists to run code. It is not run either way.")
  var allowDangerousGlobals = false

  @Option(help: ArgumentHelp("Multiply every limit, for a file that is large on purpose.", valueName: "n"))
  var limitFactor = 1

  func validate() throws {
    guard limitFactor >= 1 else { throw ValidationError("--limit-factor is a whole number from 1.") }
  }

  func open(_ path: String) throws -> Checkpoint {
    try Checkpoint(
      path: path,
      options: CheckpointOptions(
        mapping: copies ? .copy : .mapped, limits: CheckpointLimits().scaled(by: limitFactor),
        allowsDangerousGlobals: allowDangerousGlobals))
  }
}

/// Which state dict of a file is meant.
struct KeyOption: ParsableArguments {
  @Option(help: ArgumentHelp("The state dict's place in the file, such as ema or model.state_dict.", valueName: "path"))
  var key: String?
}

extension CompletionKind {
  /// Files that may be checkpoints.
  static let checkpoint = CompletionKind.file(extensions: [
    "pth", "pt", "bin", "ckpt", "th", "tar", "safetensors", "swt",
  ])
}
