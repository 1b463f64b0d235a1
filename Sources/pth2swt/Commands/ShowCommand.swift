import ArgumentParser
import ModelParameters
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print the values of tensors as numpy does.",
    discussion: """
      Of more than 1000 elements, only the corners are printed, and only what is printed is read. Tensors are named as by \
      inspect, or as in the state dict.

      EXAMPLES
        pth2swt show model.pth conv1.weight --slice '0, :, 3'
        pth2swt show model.pth '*.bias' --precision 3
        pth2swt show --json --all model.swt fc.weight
      """)

  @Argument(help: "Checkpoint: file, folder, URL, hf://owner/name, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @Argument(help: ArgumentHelp("Names of tensors, or patterns, e.g. '*.bias'.", valueName: "name"))
  var names: [String]

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Part of each tensor, e.g. 0:3,: or ...,-1.", valueName: "slice"),
    transform: { try TensorSlice($0) })
  var slice: TensorSlice?

  @Option(help: ArgumentHelp("Digits after the point.", valueName: "n"))
  var precision = 8

  @Flag(help: "Print all elements, not only the corners.")
  var all = false

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: "Print JSON, with all elements (a line for each tensor if several).")
  var json = false

  func validate() throws {
    guard 0...100 ~= precision else { throw ValidationError("--precision must be 0 to 100, not \(precision).") }
  }

  func run() throws {
    let found = try tensors(in: inputs.openParts(input))
    for (place, each) in found.enumerated() {
      let shown = try ShownTensor(each.name, each.tensor, slice: slice)
      if json {
        try printJSON(shown, isLine: found.count > 1)
      } else {
        if place > 0 { print("") }
        print(try shown.lines(isWhole: all, precision: precision))
      }
    }
  }

  /// The tensors that the names are of, by their paths in the file or their names in the state dict.
  ///
  /// - Throws: `notFound` for a name that no tensor has, with similar ones.
  private func tensors(in checkpoint: Checkpoint) throws -> [StateDict.Element] {
    var lists: [[StateDict.Element]] = []
    if key.key == nil {
      lists.append(checkpoint.tensors.map { ($0.name, $0.tensor) })
      if let stateDict = try? checkpoint.stateDict() { lists.append(Array(stateDict)) }
    } else {
      lists.append(Array(try checkpoint.stateDict(key: key.key)))
    }
    let places = lists.map { list in
      Dictionary(list.indices.map { (ExactName(list[$0].name), $0) }, uniquingKeysWith: { first, _ in first })
    }
    return try names.flatMap { name in
      let pattern = NamePattern(name)
      for (list, places) in zip(lists, places) {
        // A name may itself have a star.
        if let place = places[ExactName(name)] { return [list[place]] }
      }
      for list in lists {
        let matching = list.filter { pattern.matches($0.name) }
        if !matching.isEmpty { return matching }
      }
      let near = closestNames(to: name, among: lists.flatMap { $0.map(\.name) }.uniqued)
      throw CheckpointError(
        .notFound, "No tensor is named \(name.shortened).", file: checkpoint.file,
        remedy: near.isEmpty
          ? "run pth2swt inspect --all to list the names"
          : near.map(\.shortened).joined(separator: " or "))
    }
  }
}

extension [String] {
  /// Each element once, in order.
  fileprivate var uniqued: [String] {
    var seen = Set<String>()
    return filter { seen.insert($0).inserted }
  }
}
