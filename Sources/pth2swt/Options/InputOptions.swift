import ArgumentParser
import StateDicts
import TorchCheckpoints

/// How inputs are opened: the same for every subcommand.
struct InputOptions: ParsableArguments {
  @Flag(name: .customLong("no-mmap"), help: "Read the file into memory instead of mapping it.")
  var copies = false

  @Flag(help: "Go on where the pickle names a global that exists to run code. It is not run either way.")
  var allowDangerousGlobals = false

  @Flag(help: "Never download: a URL's file must be in torch's cache folder.")
  var offline = false

  @Flag(help: "Download over plain http too.")
  var allowHttp = false

  @Flag(help: "Take the digits in a URL's name, as in model-258fb6c6.pth, for no SHA-256.")
  var noHash = false

  @Option(help: ArgumentHelp("Seconds that connecting to a URL's server may take.", valueName: "s"))
  var connectTimeout = 30.0

  @Option(help: ArgumentHelp("Seconds until the first byte of its answer.", valueName: "s"))
  var firstByteTimeout = 60.0

  @Option(help: ArgumentHelp("Seconds without a byte after that.", valueName: "s"))
  var idleTimeout = 30.0

  @Option(help: ArgumentHelp("Times in a row that a lost connection is tried again.", valueName: "n"))
  var retries = 4

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

  func validate() throws {
    if let npzVoid, ElementType(rawValue: npzVoid) == nil {
      throw ValidationError("--npz-void takes a dtype of torch such as bfloat16 or float8_e4m3fn, not \(npzVoid).")
    }
    guard object >= 0 else { throw ValidationError("--object is a whole number from 0.") }
    guard min(connectTimeout, firstByteTimeout, idleTimeout) > 0 else {
      throw ValidationError("A time-out is a number of seconds above 0.")
    }
    guard retries >= 0 else { throw ValidationError("--retries is a whole number from 0.") }
    guard limitFactor >= 1 else { throw ValidationError("--limit-factor is a whole number from 1.") }
  }

  var limits: CheckpointLimits { CheckpointLimits().scaled(by: limitFactor) }

  /// Opens a file, the file of a URL, or standard input for `-`.
  ///
  /// - Parameter memberIsOptional: whether the file may be one that has no members, whatever `--member` says.
  func open(_ input: FilePath, memberIsOptional: Bool = false) throws -> Checkpoint {
    var options = options
    options.memberIsOptional = memberIsOptional
    options.numpyVoidType = npzVoid.flatMap { ElementType(rawValue: $0) }
    if input == FilePath("-") { return try Checkpoint(standardInput: options) }
    return try Checkpoint(at: path(of: input), options: options)
  }

  /// How the library opens them.
  var options: CheckpointOptions {
    CheckpointOptions(
      mapping: copies ? .copy : .mapped, limits: limits, allowsDangerousGlobals: allowDangerousGlobals,
      objectNumber: object, member: member)
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
