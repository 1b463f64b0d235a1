package import ArgumentParser
package import StateDicts
import TorchCheckpoints
package import VisionModels

/// The arguments of `validate`.
package struct ValidateArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    abstract: "Run a model on a fixed input and print a digest of each stage.",
    discussion: """
      Uses direct convolutions only. With --expect, exit code 1 means that a number differs by more than 1e-4 of the \
      largest number of its stage.

      EXAMPLES
        pth2swt validate model.pth --model resnet50 --json > expected.json
        pth2swt validate model.pth --model resnet50 --expect expected.json
      """)

  @Argument(help: "Checkpoint: file, folder, URL, hf://owner/name, or - (standard input).", completion: .checkpoint)
  var input: FilePath

  @Option(
    help: ArgumentHelp("Output of an earlier validate --json to compare with.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  package var expect: FilePath?

  @Flag(help: "Print JSON, for --expect.")
  package var json = false

  @Option(help: ArgumentHelp("Trainable ResNet stages, 0 to 5 (detector default: 3).", valueName: "n"))
  var trainableLayers: Int?

  @Option(help: ArgumentHelp("Number of threads (default: number of cores).", valueName: "n"))
  package var threads: Int?

  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  package init() {}

  package func validate() throws {
    guard threads.map({ $0 >= 1 }) ?? true else { throw ValidationError("--threads must be at least 1.") }
  }

  /// Matches the weights with their model.
  package func fit() throws -> ModelFit { try fitting.fit(inputs.open(input), trainableLayers: trainableLayers) }
}
