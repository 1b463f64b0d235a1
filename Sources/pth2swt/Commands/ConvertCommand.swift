import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a checkpoint's tensors to a .swt or .safetensors file.",
    discussion: """
      Both have one layout: a safetensors file whose tensors are aligned, with each one's CRC-32 and the checkpoint's \
      other values in the metadata. Every checksum of the input is checked on the way.

      EXAMPLES
        pth2swt model.pth model.swt
        pth2swt convert --key ema checkpoint.pth ema.safetensors
        pth2swt convert --skip-unsupported model.pth model.swt
        pth2swt convert --model fasterrcnn_resnet50_fpn old.pth model.swt
        pth2swt convert --rename 'encoder.*=backbone.*' model.pth model.swt
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: FilePath

  @Argument(help: "The file to write: .swt or .safetensors.", completion: .file(extensions: ["swt", "safetensors"]))
  var output: FilePath

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions
  @OptionGroup var modelling: ModellingOptions

  @Flag(help: "Overwrite the output file if it exists.")
  var force = false

  @Flag(help: "Write tied tensors out under each of their names.")
  var expandTies = false

  @Flag(help: "Go on without tensors that the format cannot say, and name them in the metadata.")
  var skipUnsupported = false

  @Flag(help: "Write quantized, sparse and nested tensors as plain component tensors; the metadata says how they fit.")
  var decompose = false

  @Flag(help: "Compute the input's SHA-256 and keep it in the metadata.")
  var sha256 = false

  @Flag(help: "Print what was written as JSON.")
  var json = false

  func validate() throws {
    guard output.hasSuffix(".swt") || output.hasSuffix(".safetensors") else {
      throw ValidationError("The output's name must end in .swt or .safetensors: \(output)")
    }
  }

  func run() throws {
    let checkpoint = try inputs.open(input)
    var (stateDict, annotations) = try modelling.apply(to: checkpoint.stateDict(key: key.key))
    if decompose { stateDict = try stateDict.decomposed() }
    if sha256 { stateDict.metadata.source?.sha256 = try SHA256Text.of(checkpoint) }
    var options = WriteOptions(
      overwrites: force, expandsTies: expandTies, leavesOutUnsupported: skipUnsupported,
      annotations: annotations)
    options.expandedByteCount = inputs.limits.expandedByteCount
    let progress = ProgressLine()
    Interruption.prepare()
    let report = try stateDict.write(to: output, options: options) { progress.show($0) }
    progress.clear()
    let summary = ConvertSummary(input: input, output: output, report: report)
    if json { try printJSON(summary) } else { print(summary.lines) }
  }
}
