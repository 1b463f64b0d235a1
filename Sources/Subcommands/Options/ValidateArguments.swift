package import ArgumentParser
package import StateDicts
import TorchCheckpoints
package import VisionModels

/// The arguments of `validate`.
package struct ValidateArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
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
  package var expect: FilePath?

  @Flag(help: "Print as JSON, to be kept.")
  package var json = false

  @Option(help: ArgumentHelp("How many stages of the ResNet train, 0 to 5.", valueName: "n"))
  var trainableLayers: Int?

  @Option(help: ArgumentHelp("How many threads compute; as many as there are cores unless said.", valueName: "n"))
  package var threads: Int?

  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  package init() {}

  package func validate() throws {
    guard threads.map({ $0 >= 1 }) ?? true else { throw ValidationError("--threads is a whole number from 1.") }
  }

  /// The weights, held against their model.
  package func fit() throws -> ModelFit { try fitting.fit(inputs.open(input), trainableLayers: trainableLayers) }
}
