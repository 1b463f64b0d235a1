package import ArgumentParser
package import StateDicts
import TorchCheckpoints
package import VisionModels

/// The arguments of `classify`.
package struct ClassifyArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    abstract: "Tell what pictures show, with a ResNet or MobileNetV2.",
    discussion: """
      The classes are counted from the weights; with 1000 of them they are called as ImageNet's.

      EXAMPLES
        pth2swt classify --weights mobilenet_v2-b0353104.pth cat.jpg
        pth2swt classify --weights resnet50.swt --model resnet50 --top 3 --json *.jpg
      """)

  @Option(help: ArgumentHelp("The checkpoint.", valueName: "file"), completion: .checkpoint)
  var weights: FilePath

  @Option(help: ArgumentHelp("How many classes to name.", valueName: "n"))
  package var top = 5

  @Flag(help: "Print as JSON.")
  package var json = false

  @Flag(help: "Print how long each stage took, in milliseconds.")
  package var timings = false

  @OptionGroup package var vision: VisionOptions
  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  @Argument(help: "The pictures: JPEG or PNG.", completion: .file(extensions: ["jpg", "jpeg", "png"]))
  package var images: [FilePath]

  package init() {}

  package func validate() throws {
    guard top >= 1 else { throw ValidationError("--top is a whole number from 1.") }
  }

  /// The weights, held against their model.
  package func fit() throws -> ModelFit { try fitting.fit(inputs.open(weights)) }
}
