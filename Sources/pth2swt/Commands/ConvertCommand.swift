import ArgumentParser
import ModelParameters
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
        pth2swt convert --merge backbone.pth head.pth model.pth
        pth2swt convert --dtype bfloat16 --drop 'head.*' model.pth model.safetensors
        pth2swt convert --map steps.json --dry-run model.pth model.swt
      """)

  @Argument(help: "Checkpoint: file, folder, URL, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @Argument(
    help: "Output file; a folder with --max-shard-size.", completion: .file(extensions: OutputFormat.extensions))
  var output: FilePath

  @Argument(
    help: "With --merge: more inputs, then the output.", completion: .checkpoint)
  var more: [FilePath] = []

  @Flag(
    help: """
      Write the tensors of several inputs, or of the rank files of one training job, to one output: --merge A B OUT.
      """)
  var merge = false

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions
  @OptionGroup(title: "Changes") var changes: MapOptions
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

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "Write layouts and dtypes of a framework: mlx (channels last; needs .safetensors).", valueName: "framework"))
  var framework: Framework?

  @Flag(help: "Write all tensors of the file by their paths, an optimizer's too.")
  var everything = false

  @Flag(help: "Overwrite the output if it exists.")
  var force = false

  @Flag(help: "Keep finished shards if interrupted, and take up those of an interrupted run.")
  var resume = false

  @Flag(help: "Read the output back and compare it with the input before it gets its name.")
  var verify = false

  @Option(
    help: ArgumentHelp("Verify, and write hashes of the inputs, the output and each tensor as JSON.", valueName: "file")
  )
  var audit: FilePath?

  @Flag(help: "Write tied tensors under each of their names.")
  var expandTies = false

  @Flag(help: "Leave out tensors that the format cannot hold.")
  var skipUnsupported = false

  @Flag(help: "Write quantized, sparse and nested tensors as parts.")
  var decompose = false

  @Flag(help: "Print what would be written, and write nothing.")
  var dryRun = false

  @Flag(help: "Record the SHA-256 of the input in the metadata.")
  var sha256 = false

  @Flag(help: "Print JSON.")
  var json = false

  /// The checkpoints to convert: one, or several with --merge.
  private var sources: [FilePath] { more.isEmpty ? [input] : [input, output] + more.dropLast() }
  /// Where the output goes: the last path.
  private var target: FilePath { more.last ?? output }

  func validate() throws {
    if !more.isEmpty, !merge { throw ValidationError("Several inputs need --merge.") }
    if merge, more.isEmpty { throw ValidationError("--merge needs two inputs and an output.") }
    if everything, key.key != nil { throw ValidationError("--everything and --key exclude each other.") }
    if resume, maxShardSize == nil {
      throw ValidationError("--resume needs --max-shard-size: only shards are taken up.")
    }
    if maxShardSize != nil, let format, format != .safetensors {
      throw ValidationError("--max-shard-size writes safetensors, not \(format.rawValue).")
    }
    if framework == .mlx, maxShardSize == nil, (format ?? OutputFormat(nameOf: target)) != .safetensors {
      throw ValidationError("--for mlx writes safetensors: name the output OUTPUT.safetensors.")
    }
    guard maxShardSize != nil || format != nil || OutputFormat(nameOf: target) != nil else {
      throw ValidationError(
        "The name \(target) says no format: use one of \(OutputFormat.extensions.map { "." + $0 }.joined(separator: " ")), "
          + "or --format.")
    }
  }

  func run() throws {
    let source = try read()
    // Torch's layouts come back by themselves where the file says how.
    let isPth = (format ?? OutputFormat(nameOf: target)) == .pth && maxShardSize == nil
    let undone = isPth ? try source.undoingMLX() : nil
    if undone != nil { printToStandardError("pth2swt: undid the layouts and dtypes for MLX (the map in the metadata)") }
    var mapping = Mapping(undone ?? source)
    let steps = try changes.firstSteps()
    // A map may change what a composite tensor is made of.
    if decompose, changes.map != nil { mapping.replace(with: try mapping.stateDict.decomposed()) }
    try mapping.apply(steps)
    let registry = try modelling.apply(to: &mapping)
    if decompose { mapping.replace(with: try mapping.stateDict.decomposed()) }
    try mapping.apply(changes.lastSteps)
    let inverse = try changes.inverse.map { _ in try mapping.inverse() }
    var stateDict = mapping.recorded()
    if framework == .mlx { stateDict = try laidOutForMLX(stateDict, registry) }
    var options = WriteOptions(
      overwrites: force, expandsTies: expandTies, leavesOutUnsupported: skipUnsupported,
      annotations: modelling.annotations(of: registry))
    options.format = format
    options.maxShardByteCount = maxShardSize?.byteCount
    options.resumes = resume
    options.verifies = verify || audit != nil
    options.expandedByteCount = inputs.limits.expandedByteCount
    if dryRun {
      let plan = PlanSummary(
        inputs: sources, output: target, plan: try stateDict.plan(for: target, options: options), map: mapping.map,
        inverse: try? mapping.inverse())
      return json ? try printJSON(plan) : print(plan.lines)
    }
    // Made before the conversion, so that a name that is taken is known now.
    let inverseFile = try changes.inverse.map { try AtomicFile(path: $0, overwrites: force) }
    let auditFile = try audit.map { try AtomicFile(path: $0, overwrites: force) }
    let progress = ProgressLine()
    Interruption.prepare()
    let report = try stateDict.write(to: target, options: options) { progress.show($0) }
    progress.clear()
    if let auditFile {
      let card = try ConversionAudit(of: stateDict, from: sources, to: target, report)
      try auditFile.write(card.json)
      try auditFile.commit()
    }
    if let inverse, let inverseFile {
      try inverseFile.write(Array(inverse.text.utf8))
      try inverseFile.commit()
    }
    let summary = ConvertSummary(inputs: sources, output: target, report: report)
    if json { try printJSON(summary) } else { print(summary.lines) }
  }

  /// The tensors of all inputs.
  private func read() throws -> StateDict {
    var checkpoints: [Checkpoint] = []
    for source in sources { try checkpoints.append(inputs.open(source)) }
    if merge, checkpoints.contains(where: \.isRankPart) {
      checkpoints = try [Checkpoint(ranks: checkpoints)]
    }
    var parts: [StateDict] = []
    for checkpoint in checkpoints {
      var part = try everything ? checkpoint.everything() : checkpoint.stateDict(key: key.key)
      if sha256 { part.metadata.source?.sha256 = try SHA256Text.of(checkpoint) }
      parts.append(part)
    }
    return try merge ? StateDict.merging(parts, from: checkpoints.map(\.file)) : parts[0]
  }
}

extension ConvertCommand {
  /// A framework with layouts of its own.
  enum Framework: String, CaseIterable, ExpressibleByArgument {
    case mlx
  }

  /// The tensors as MLX has them; each that is not torch's any more is listed on standard error.
  private func laidOutForMLX(_ stateDict: StateDict, _ registry: ParameterRegistry?) throws -> StateDict {
    let convolutions = registry.map { registry in
      Dictionary(
        registry.specs.compactMap { spec in spec.convolution.map { (spec.name, $0) } },
        uniquingKeysWith: { first, _ in first })
    }
    let layout = try MLXLayout(stateDict, convolutions: convolutions, leavesOutUnsupported: skipUnsupported)
    for row in layout.rows { printToStandardError("pth2swt: \(row.name): \(row.decision)") }
    return try stateDict.converted(to: layout)
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
