import ArgumentParser
import ModelParameters
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints
import VisionModels

struct MatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "match",
    abstract: "Compare the names and shapes of a checkpoint with a model.",
    discussion: """
      Exit codes: 0 the weights match, 1 they do not.

      EXAMPLES
        pth2swt match model.pth --model fasterrcnn_resnet50_fpn
        pth2swt match moco.pth --rename 'encoder_q.*=*' --allow-missing 'fc.*'
      """)

  @Argument(help: "Checkpoint: file, folder, URL, hf://owner/name, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @Option(
    help: ArgumentHelp("Model name (default: inferred from the weights).", valueName: "name"), completion: .model)
  var model: String?

  @Option(
    help: ArgumentHelp("JSON list of names and shapes (see registry --json).", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var registry: FilePath?

  @OptionGroup var options: ModelOptions
  @OptionGroup var matching: MatchingOptions
  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "List all names (default: ten of each list).")
  var all = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard model == nil || registry == nil else { throw ValidationError("--model and --registry exclude each other.") }
  }

  func run() throws {
    let stateDict = try inputs.openParts(input).stateDict(key: key.key)
    guard let registry else {
      let fit = try options.fit(stateDict, as: model, matching)
      return try report(fit, lines: fit.lines(listing: all ? nil : 10), isAcceptable: fit.match.isAcceptable)
    }
    let list: ParameterRegistry = try readJSON(
      registry, "a list of names and shapes", remedy: #"[{"name": "fc.weight", "shape": [10, 64]}]"#)
    let match = try list.match(stateDict, options: matching.options(for: stateDict))
    try report(match, lines: match.lines(listing: all ? nil : 10), isAcceptable: match.isAcceptable)
  }

  private func report(_ value: some Encodable, lines: [String], isAcceptable: Bool) throws {
    if json { try printJSON(value) } else { print(lines) }
    if !isAcceptable { throw Failure.no }
  }
}
