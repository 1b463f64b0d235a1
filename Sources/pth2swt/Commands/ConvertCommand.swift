import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a checkpoint to another format.",
    discussion: """
      The extension of the output selects the format: .swt or .safetensors (aligned tensors, with a CRC-32 for each and \
      the other values of the checkpoint in the metadata), .pth, .pt or .bin (torch's zip format), .npz or .npy (numpy). \
      All checksums of the input are verified.

      EXAMPLES
        pth2swt model.pth model.swt
        pth2swt model.safetensors model.pth
        pth2swt convert --max-shard-size 5GB model.pth folder
        pth2swt convert --key ema checkpoint.pth ema.safetensors
      """)

  @Argument(help: "Checkpoint: file, folder, URL, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @Argument(
    help: "Output file; a folder with --max-shard-size.", completion: .file(extensions: OutputFormat.extensions))
  var output: FilePath

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions
  @OptionGroup var modelling: ModellingOptions

  @Option(
    help: ArgumentHelp("Format of the output: \(OutputFormat.names) (default: by its extension).", valueName: "format"),
    completion: .list(OutputFormat.allCases.map(\.rawValue)), transform: OutputFormat.init(argument:))
  var format: OutputFormat?

  @Option(
    help: ArgumentHelp(
      "Write safetensors files of at most this size and an index: 5GB, 500MB, 512MiB. OUTPUT is a folder.",
      valueName: "size"))
  var maxShardSize: ByteSize?

  @Flag(help: "Write all tensors of the file by their paths, an optimizer's too.")
  var everything = false

  @Flag(help: "Overwrite the output if it exists.")
  var force = false

  @Flag(help: "Write tied tensors under each of their names.")
  var expandTies = false

  @Flag(help: "Leave out tensors that the format cannot hold.")
  var skipUnsupported = false

  @Flag(help: "Write quantized, sparse and nested tensors as parts.")
  var decompose = false

  @Flag(help: "Record the SHA-256 of the input in the metadata.")
  var sha256 = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if everything, key.key != nil { throw ValidationError("--everything and --key exclude each other.") }
    if maxShardSize != nil, let format, format != .safetensors {
      throw ValidationError("--max-shard-size writes safetensors, not \(format.rawValue).")
    }
    guard maxShardSize != nil || format != nil || OutputFormat(nameOf: output) != nil else {
      throw ValidationError(
        "The name \(output) says no format: use one of \(OutputFormat.extensions.map { "." + $0 }.joined(separator: " ")), "
          + "or --format.")
    }
  }

  func run() throws {
    let checkpoint = try inputs.open(input)
    var (stateDict, annotations) = try modelling.apply(
      to: everything ? checkpoint.everything() : checkpoint.stateDict(key: key.key))
    if decompose { stateDict = try stateDict.decomposed() }
    if sha256 { stateDict.metadata.source?.sha256 = try SHA256Text.of(checkpoint) }
    var options = WriteOptions(
      overwrites: force, expandsTies: expandTies, leavesOutUnsupported: skipUnsupported,
      annotations: annotations)
    options.format = format
    options.maxShardByteCount = maxShardSize?.byteCount
    options.expandedByteCount = inputs.limits.expandedByteCount
    let progress = ProgressLine()
    Interruption.prepare()
    let report = try stateDict.write(to: output, options: options) { progress.show($0) }
    progress.clear()
    let summary = ConvertSummary(input: input, output: output, report: report)
    if json { try printJSON(summary) } else { print(summary.lines) }
  }
}

extension OutputFormat {
  /// All formats, as the help lists them.
  fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  fileprivate init(argument: String) throws {
    guard let format = OutputFormat(rawValue: argument) else {
      throw ValidationError("There is no format \(argument): it is one of \(Self.names).")
    }
    self = format
  }
}

/// A number of bytes with a unit: `5GB`, `512MiB`, `1000`.
struct ByteSize: ExpressibleByArgument {
  let byteCount: Int

  /// Powers of ten, and of two where the unit has an i.
  private static let units: [String: Int] = [
    "": 1, "B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
    "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40,
  ]

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = argument.dropFirst(digits.count).drop { $0 == " " }.uppercased()
    guard let factor = Self.units[unit], let number = Double(digits),
      let count = Int(exactly: (number * Double(factor)).rounded(.down)), count > 0
    else { return nil }
    byteCount = count
  }
}
