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
    usage: """
      pth2swt convert [<options>] <input> <output>
      pth2swt convert [<options>] --merge <input> <input> ... <output>
      pth2swt convert [<options>] --into <folder> <input> ...
      """,
    discussion: """
      The extension of the output selects the format: .swt or .safetensors (aligned tensors, with a CRC-32 for each and \
      the other values of the checkpoint in the metadata), .pth, .pt or .bin (torch's zip format), .npz or .npy (numpy). \
      All checksums of the input are verified.

      With --into, each checkpoint in the inputs and in folders among them is converted to a file of the same name \
      (.swt, or --format) in FOLDER; a failure does not stop the rest, and the exit code is that of the first failure.

      EXAMPLES
        pth2swt model.pth model.swt
        pth2swt model.safetensors model.pth
        pth2swt convert --max-shard-size 5GB model.pth folder
        pth2swt convert --key ema checkpoint.pth ema.safetensors
        pth2swt convert --merge backbone.pth head.pth model.pth
        pth2swt convert --dtype bfloat16 --drop 'head.*' model.pth model.safetensors
        pth2swt convert --map steps.json --dry-run model.pth model.swt
        pth2swt convert --into converted runs/ other.pth
        pth2swt convert --worker 0/4 --max-shard-size 5GB model.pth folder
      """)

  @Argument(
    help: ArgumentHelp(
      """
      Checkpoint: file, folder, URL, hf://owner/name, or - (standard input). Then the output: a file; a folder with \
      --max-shard-size. With --merge: inputs, then the output. With --into: inputs.
      """, valueName: "path"),
    completion: .checkpoint)
  var paths: [FilePath] = []

  @Flag(
    help: """
      Write the tensors of several inputs, or of the rank files of one training job, to one output: --merge A B OUT.
      """)
  var merge = false

  @Option(
    help: ArgumentHelp("Convert every input to a file in this folder.", valueName: "folder"), completion: .directory)
  var into: FilePath?

  @OptionGroup var list: InputList
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
      "Write safetensors files of at most this size and an index: 5GB, 500MB, 512MiB. The output is a folder.",
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

  @Flag(help: "Keep finished files if interrupted, and take up those of an interrupted run.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      """
      Do the share of process k (from 0) of n that write one output, as --resume does; auto: from Slurm's environment; \
      auto/n: from a Kubernetes Job.
      """, valueName: "k/n"),
    transform: WorkerChoice.init(argument:))
  var worker: WorkerChoice?

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

  func validate() throws {
    if into == nil {
      if list.filesFrom != nil { throw ValidationError("--files-from needs --into.") }
      if paths.count < 2 {
        throw ValidationError("Missing expected argument '\(paths.isEmpty ? "<input>" : "<output>")'")
      }
      if paths.count > 2, !merge {
        throw ValidationError(
          "Several inputs: --merge joins their tensors in one output, --into FOLDER converts each.")
      }
      if merge, paths.count < 3 { throw ValidationError("--merge needs two inputs and an output.") }
    } else {
      try validateInto()
    }
    if worker != nil {
      _ = try worker?.worker()
      if sha256 { throw ValidationError("--sha256 reads the whole input in every worker: use --audit.") }
      if paths.contains(FilePath("-")) { throw ValidationError("Workers cannot share standard input: give a file.") }
    }
    if everything, key.key != nil { throw ValidationError("--everything and --key exclude each other.") }
    if resume, maxShardSize == nil, into == nil {
      throw ValidationError("--resume needs --max-shard-size or --into: a single file is not taken up.")
    }
    if maxShardSize != nil, let format, format != .safetensors {
      throw ValidationError("--max-shard-size writes safetensors, not \(format.rawValue).")
    }
    let target = into == nil ? paths.last : nil
    let named = target.flatMap { OutputFormat(nameOf: $0) }
    if framework == .mlx, maxShardSize == nil, (format ?? named) != .safetensors {
      throw ValidationError(
        "--for mlx writes safetensors: name the output OUTPUT.safetensors, or use --format safetensors.")
    }
    guard let target, maxShardSize == nil, format == nil, named == nil else { return }
    if paths.count == 2, paths[0].isFolder {
      throw ValidationError(
        "The name \(target) says no format. To convert each checkpoint in the folder \(paths[0]), use --into \(target) \(paths[0]); to convert a folder that is one checkpoint, name a file such as \(target).swt."
      )
    }
    throw ValidationError(
      "The name \(target) says no format: use one of \(OutputFormat.extensions.map { "." + $0 }.joined(separator: " ")), "
        + "or --format.")
  }

  func run() throws {
    Interruption.prepare()
    if let into { return try convertAll(into: into) }
    guard let target = paths.last else { return }
    switch try convert(paths.dropLast(), to: target, format: format, worker: worker?.worker()) {
    case .planned(let plan): json ? try printJSON(plan) : print(plan.lines)
    case .written(let summary): json ? try printJSON(summary) : print(summary.lines)
    }
  }

  /// What came of one conversion.
  enum Outcome {
    /// With --dry-run.
    case planned(PlanSummary)
    case written(ConvertSummary)
  }

  /// Converts one checkpoint, or several that become one.
  ///
  /// - Parameter worker: Which of several processes this is, if they write this output together.
  func convert(
    _ sources: [FilePath], to target: FilePath, format: OutputFormat?, worker: WriteOptions.Worker? = nil
  ) throws -> Outcome {
    let source = try read(sources)
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
    options.resumes = resume || self.worker != nil
    options.worker = worker
    options.verifies = verify || audit != nil
    options.expandedByteCount = inputs.limits.expandedByteCount
    if dryRun {
      return .planned(
        PlanSummary(
          inputs: sources, output: target, plan: try stateDict.plan(for: target, options: options), map: mapping.map,
          inverse: try? mapping.inverse()))
    }
    let report: WriteReport
    if worker != nil {
      let beside = try WorkersAudit(
        of: stateDict, from: sources, to: target, audit: audit, inverse: inverseFile(inverse), overwrites: force)
      report = try write(stateDict, to: target, options, beside)
      // A single file is one worker's.
      if maxShardSize == nil, report.share?.files.isEmpty != true { try beside.write(report) }
    } else {
      // Made before the conversion, so that a name that is taken is known now.
      let inverseFile = try inverseFile(inverse).map { (try AtomicFile(path: $0.path, overwrites: force), $0.bytes) }
      let auditFile = try audit.map { try AtomicFile(path: $0, overwrites: force) }
      report = try write(stateDict, to: target, options, nil)
      if let auditFile {
        try auditFile.write(ConversionAudit(of: stateDict, from: sources, to: target, report).json)
        try auditFile.commit()
      }
      if let (file, bytes) = inverseFile {
        try file.write(bytes)
        try file.commit()
      }
    }
    return .written(ConvertSummary(inputs: sources, output: target, report: report))
  }

  private func inverseFile(_ map: TensorMap?) -> (path: FilePath, bytes: [UInt8])? {
    guard let path = changes.inverse, let map else { return nil }
    return (path, Array(map.text.utf8))
  }

  private func write(
    _ stateDict: StateDict, to target: FilePath, _ options: WriteOptions, _ companion: WorkersAudit?
  ) throws -> WriteReport {
    let progress = ProgressLine()
    defer { progress.clear() }
    return try stateDict.write(to: target, options: options, companion: companion) { progress.show($0) }
  }

  /// The tensors of all inputs.
  private func read(_ sources: [FilePath]) throws -> StateDict {
    var checkpoints: [Checkpoint] = []
    // Of a file of which little is kept, little is read.
    let readsParts = !changes.keep.isEmpty && !sha256 && audit == nil
    for source in sources { try checkpoints.append(readsParts ? inputs.openParts(source) : inputs.open(source)) }
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
