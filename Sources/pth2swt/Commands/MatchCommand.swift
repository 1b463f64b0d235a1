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
    abstract: "Hold a checkpoint's names and shapes against a model's.",
    discussion: """
      Exit 0 if the model could be loaded, 1 if not. The model and its number of classes are inferred from the weights
      unless they are given.

      EXAMPLES
        pth2swt match model.pth --model fasterrcnn_resnet50_fpn
        pth2swt match model.pth --registry parameters.json
        pth2swt match moco.pth --rename 'encoder_q.*=*' --allow-missing 'fc.*'
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: FilePath

  @Option(
    help: ArgumentHelp("Model name (default: inferred from the weights).", valueName: "name"), completion: .model)
  var model: String?

  @Option(
    help: ArgumentHelp("A list of names and shapes, as registry --json writes it.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var registry: FilePath?

  @OptionGroup var options: ModelOptions
  @OptionGroup var matching: MatchingOptions
  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "List every name, not the first ten of each kind.")
  var all = false

  @Flag(help: "Print the report as JSON.")
  var json = false

  func validate() throws {
    guard model == nil || registry == nil else { throw ValidationError("Give either --model or --registry.") }
  }

  func run() throws {
    let stateDict = try inputs.open(input).stateDict(key: key.key)
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
