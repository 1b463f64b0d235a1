package import ArgumentParser
import FetchMessages
package import StateDicts
package import TorchCheckpoints

/// How inputs are opened: the same for every subcommand.
package struct InputOptions: ParsableArguments {
  @Flag(name: .customLong("no-mmap"), help: "Read the file into memory instead of mapping it.")
  var copies = false

  @Flag(help: "Go on where the pickle names a global that exists to run code. It is not run either way.")
  var allowDangerousGlobals = false

  @OptionGroup var fetching: FetchOptions

  @Option(help: ArgumentHelp("Multiply every limit, for a file that is large on purpose.", valueName: "n"))
  var limitFactor = 1

  @Option(help: ArgumentHelp("Which object, where torch.save was called more than once on a file.", valueName: "n"))
  var object = 0

  @Option(help: ArgumentHelp("Which file of an archive of several checkpoints: policy.pth.", valueName: "name"))
  var member: String?

  @Option(
    help: ArgumentHelp(
      "Element type of npy and npz arrays that numpy wrote as plain bytes, such as bfloat16.", valueName: "dtype"))
  var npzVoid: String?

  package init() {}

  package func validate() throws {
    if let npzVoid, ElementType(rawValue: npzVoid) == nil {
      throw ValidationError("--npz-void takes a dtype of torch such as bfloat16 or float8_e4m3fn, not \(npzVoid).")
    }
    guard object >= 0 else { throw ValidationError("--object is a whole number from 0.") }
    guard limitFactor >= 1 else { throw ValidationError("--limit-factor is a whole number from 1.") }
  }

  package var limits: CheckpointLimits { CheckpointLimits().scaled(by: limitFactor) }

  /// Opens a file, the file of a URL, or standard input for `-`.
  ///
  /// - Parameter memberIsOptional: whether the file may be one that has no members, whatever `--member` says.
  package func open(_ input: FilePath, memberIsOptional: Bool = false) throws -> Checkpoint {
    var options = options
    options.memberIsOptional = memberIsOptional
    options.numpyVoidType = npzVoid.flatMap { ElementType(rawValue: $0) }
    if input == FilePath("-") { return try Checkpoint(standardInput: options) }
    return try Checkpoint(at: path(of: input), options: options)
  }

  /// How the library opens them.
  package var options: CheckpointOptions {
    CheckpointOptions(
      mapping: copies ? .copy : .mapped, limits: limits, allowsDangerousGlobals: allowDangerousGlobals,
      objectNumber: object, member: member)
  }
}

extension CompletionKind {
  /// Files that may be checkpoints.
  package static let checkpoint = CompletionKind.file(extensions: [
    "pth", "pt", "bin", "ckpt", "th", "tar", "safetensors", "swt",
  ])
}
