package import ArgumentParser
import FetchMessages
package import StateDicts
package import Terminal
package import TorchCheckpoints

/// Options for opening inputs.
package struct InputOptions: ParsableArguments {
  @Flag(
    name: .customLong("no-mmap"),
    help: "Read files in blocks instead of mapping them (the default on a network file system).")
  var readsBlocks = false

  @Flag(help: "List dangerous globals instead of refusing the file.")
  var allowDangerousGlobals = false

  @OptionGroup var fetching: FetchOptions

  @Flag(name: .customLong("download"), help: "Download a remote file instead of reading the parts that are needed.")
  var downloads = false

  @Option(help: ArgumentHelp("Multiply all limits by n", valueName: "n"))
  var limitFactor = 1

  @Option(help: ArgumentHelp("Index of the object if a file has several", valueName: "n"))
  var object = 0

  @Option(help: ArgumentHelp("Member of an archive, e.g. policy.pth.", valueName: "name"))
  var member: String?

  @Option(
    help: ArgumentHelp(
      "dtype of numpy arrays of type |V1 or |V2.", valueName: "dtype"))
  var npzVoid: String?

  @Option(help: ArgumentHelp("Colours: auto, always, never (default: auto).", valueName: "when"))
  var color = Screen.Coloring.auto

  package init() {}

  package func validate() throws {
    Output.color(color)
    if let npzVoid, ElementType(rawValue: npzVoid) == nil {
      throw ValidationError("--npz-void must be a torch dtype such as bfloat16 or float8_e4m3fn, not \(npzVoid).")
    }
    guard object >= 0 else { throw ValidationError("--object must be at least 0, not \(object).") }
    guard limitFactor >= 1 else { throw ValidationError("--limit-factor must be at least 1, not \(limitFactor).") }
  }

  package var limits: CheckpointLimits { CheckpointLimits().scaled(by: limitFactor) }

  /// Opens a file, also one of a URL or an address on Hugging Face, or standard input for `-`.
  ///
  /// - Parameter memberIsOptional: whether the file may be one that has no members, whatever `--member` says.
  package func open(_ input: FilePath, memberIsOptional: Bool = false) throws -> Checkpoint {
    var options = readingOptions
    options.memberIsOptional = memberIsOptional
    if input == FilePath("-") { return try Checkpoint(standardInput: options) }
    do {
      return try Checkpoint(at: path(of: input), options: options)
    } catch var error as CheckpointError where error.code == .notFound && error.remedy == nil {
      error.remedy = Self.remedy(forMissing: input)
      throw error
    }
  }

  /// Returns a remedy for a missing file: the folder may be missing too, or the path may be the name of a model.
  private static func remedy(forMissing input: FilePath) -> String? {
    let parts = input.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2, !parts.contains(where: \.isEmpty), !input.folder.exists else {
      return input.folder.exists ? nil : "check the folder: there is no \(input.folder)"
    }
    return "check the path; for a model on Hugging Face, write hf://\(input)"
  }

  /// The options for reading a checkpoint.
  var readingOptions: CheckpointOptions {
    var options = options
    options.numpyVoidType = npzVoid.flatMap { ElementType(rawValue: $0) }
    return options
  }

  /// The options for the library.
  package var options: CheckpointOptions {
    CheckpointOptions(
      mapping: readsBlocks ? .unmapped : .automatic, limits: limits, allowsDangerousGlobals: allowDangerousGlobals,
      objectNumber: object, member: member)
  }
}

extension CompletionKind {
  /// Files that may be checkpoints.
  package static let checkpoint = CompletionKind.file(extensions: [
    "pth", "pt", "bin", "ckpt", "th", "tar", "safetensors", "swt",
  ])
}

extension Screen.Coloring: ExpressibleByArgument {}
