import ArgumentParser
import ModelParameters
import Subcommands
import VisionModels

struct RegistryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry",
    abstract: "List the parameters and buffers of a model, and which of them train.",
    discussion: """
      Without a model, lists the models.

      EXAMPLES
        pth2swt registry fasterrcnn_resnet50_fpn --trainable-layers 2 --frozen
        pth2swt registry resnet50 --freeze '*' --train 'fc.*' --trainable --by-module
      """)

  @Argument(help: "torchvision's name of the model.", completion: .model)
  var model: String?

  @OptionGroup var options: ModelOptions

  @Flag(help: "List only frozen parameters.")
  var frozen = false

  @Flag(help: "List only trainable parameters.")
  var trainable = false

  @Flag(help: "Group names by module, as for MLX's freeze(keys:).")
  var byModule = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !(frozen && trainable) else { throw ValidationError("--frozen and --trainable exclude each other.") }
  }

  func run() throws {
    guard let model else { return try list() }
    let registry = try options.registry(of: model)
    for pattern in registry.patternsWithoutEffect(of: .init([.init(.train, options.freeze + options.train)])) {
      printToStandardError("pth2swt: no parameter is named \(pattern)")
    }
    let specs = frozen ? registry.frozen : trainable ? registry.trainable : registry.specs
    if byModule {
      let groups = specs.filter { $0.role != .ignored }.groupedByModule()
      return json ? try printJSON(groups) : groups.forEach { print("\($0.module): \($0.keys.joined(separator: " "))") }
    }
    if json { return try printJSON(ParameterRegistry(specs)) }
    if frozen || trainable { return show(specs) }
    var table = TextTable(rightAligned: [false, false, false, false])
    for spec in registry.held {
      let state = spec.role == .parameter ? spec.isTrainable ? "trains" : "frozen" : ""
      table.add(spec.name, "\(spec.shape)", spec.role.rawValue, state)
    }
    for line in table.lines { print(line) }
  }

  /// Prints only names as the result; the lines around them, from the original notebook, go to standard error.
  private func show(_ specs: [ParameterSpec]) {
    printToStandardError("---- \(frozen ? "Frozen" : "Trainable") layers are: ")
    for spec in specs { print(spec.name) }
    printToStandardError("---------------------------")
  }

  private func list() throws {
    let names = VisionModel.all.map(\.name.rawValue)
    if json { try printJSON(names) } else { names.forEach { print($0) } }
  }
}
