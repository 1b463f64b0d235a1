import ArgumentParser
import ModelParameters
import StateDicts
import Terminal
import TorchCheckpoints
import VisionModels

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a model on a fixed input and tell what comes out of each part.",
    discussion: """
      Always by direct convolutions. Keep the JSON beside the code and hold later weights or machines against it: exit 1
      if a number is off by more than 1e-4 of the stage's largest.

      EXAMPLES
        pth2swt validate model.pth --model resnet50
        pth2swt validate model.pth --model resnet50 --json > expected.json
        pth2swt validate model.pth --model resnet50 --expect expected.json
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: FilePath

  @Option(help: ArgumentHelp("What came out before.", valueName: "file"), completion: .file(extensions: ["json"]))
  var expect: FilePath?

  @Flag(help: "Print as JSON, to be kept.")
  var json = false

  @Option(help: ArgumentHelp("How many stages of the ResNet train, 0 to 5.", valueName: "n"))
  var trainableLayers: Int?

  @Option(help: ArgumentHelp("How many threads compute; as many as there are cores unless said.", valueName: "n"))
  var threads: Int?

  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  func validate() throws {
    guard threads.map({ $0 >= 1 }) ?? true else { throw ValidationError("--threads is a whole number from 1.") }
  }

  func run() throws {
    let found = try Validation(
      fitting.fit(inputs.open(input), trainableLayers: trainableLayers), threads: threads)
    if json {
      try printJSON(found)
    } else {
      print("\(found.model): \(found.trainableCount) parameters train, \(found.frozenCount) are frozen")
      print(found.stages.map { "\($0)" })
    }
    guard let expect else { return }
    let expected: Validation = try readJSON(expect, "what validate --json printed", remedy: "make it anew with --json")
    let differences = found.differences(from: expected)
    for difference in differences { printToStandardError(difference) }
    if !differences.isEmpty { throw Failure.no }
    if !json { print("as expected") }
  }
}
