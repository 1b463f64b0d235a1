import ArgumentParser
import ModelParameters
import StateDicts
import TorchCheckpoints

struct MatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "match",
    abstract: "Hold a checkpoint's names and shapes against a model's.",
    discussion: """
      Exit 0 if the model could be loaded, 1 if not.

      EXAMPLES
        pth2swt match model.pth --model fasterrcnn_resnet50_fpn
        pth2swt match model.pth --registry parameters.json
        pth2swt match model.pth --model resnet50 --rename 'encoder.*=*' --allow-missing 'fc.*'
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: String

  @Option(help: ArgumentHelp("The model, by torchvision's name.", valueName: "name"), completion: .model)
  var model: String?

  @Option(
    help: ArgumentHelp("A list of names and shapes, as registry --json writes it.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var registry: String?

  @OptionGroup var options: ModelOptions
  @OptionGroup var renaming: RenamingOptions
  @OptionGroup var strictness: StrictnessOptions
  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print the report as JSON.")
  var json = false

  func validate() throws {
    guard (model == nil) != (registry == nil) else { throw ValidationError("Give either --model or --registry.") }
  }

  func run() throws {
    let wanted = try wantedRegistry()
    let matching = strictness.options(try renaming.keyMap())
    let match = wanted.match(try inputs.open(input).stateDict(key: key.key), options: matching)
    if json { try printJSON(match) } else { print(match) }
    if !match.isAcceptable { throw Failure.no }
  }

  private func wantedRegistry() throws -> ParameterRegistry {
    if let model { return try options.registry(of: model) }
    return try readJSON(
      registry ?? "", "a list of names and shapes", remedy: #"[{"name": "fc.weight", "shape": [10, 64]}]"#)
  }
}
