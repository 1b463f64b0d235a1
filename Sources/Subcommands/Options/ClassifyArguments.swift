package import ArgumentParser
package import StateDicts
import TorchCheckpoints
package import VisionModels

/// The arguments of `classify`.
package struct ClassifyArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    abstract: "Classify images with a ResNet or MobileNetV2.",
    discussion: """
      Classes of a model with 1000 classes have ImageNet's names unless --labels is given.

      EXAMPLES
        pth2swt classify --weights mobilenet_v2-b0353104.pth cat.jpg
        pth2swt classify --weights resnet50.swt --model resnet50 --top 3 --json *.jpg
      """)

  @Option(help: ArgumentHelp("Checkpoint with the weights.", valueName: "file"), completion: .checkpoint)
  var weights: FilePath

  @Option(help: ArgumentHelp("Number of classes to print", valueName: "n"))
  package var top = 5

  @Flag(help: "Print JSON.")
  package var json = false

  @Flag(help: "Print the time of each stage in milliseconds.")
  package var timings = false

  @OptionGroup package var vision: VisionOptions
  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  @Argument(help: "Images (JPEG or PNG).", completion: .file(extensions: ["jpg", "jpeg", "png"]))
  package var images: [FilePath]

  package init() {}

  package func validate() throws {
    guard top >= 1 else { throw ValidationError("--top must be at least 1, not \(top).") }
  }

  /// Matches the weights with their model.
  package func fit() throws -> ModelFit { try fitting.fit(inputs.open(weights)) }
}
