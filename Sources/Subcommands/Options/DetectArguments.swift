package import ArgumentParser
package import StateDicts
import TorchCheckpoints
package import VisionModels

/// The arguments of `detect`.
package struct DetectArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    abstract: "Find objects in pictures with a Faster R-CNN.",
    discussion: """
      The classes are counted from the weights; with 91 of them they are called as COCO's.

      EXAMPLES
        pth2swt detect --weights fasterrcnn_resnet50_fpn_coco-258fb6c6.pth street.jpg
        pth2swt detect --weights shapes.swt --labels shapes.txt --draw out *.png
        pth2swt detect --weights model.pth --json --timings --repeat 5 street.jpg
      """)

  @Option(help: ArgumentHelp("The checkpoint.", valueName: "file"), completion: .checkpoint)
  var weights: FilePath

  @Flag(help: "Run the pictures as one batch, as torchvision does with a list.")
  package var batch = false

  @Flag(help: "Print as JSON.")
  package var json = false

  @Flag(help: "Tell how long each stage took, in milliseconds.")
  package var timings = false

  @Option(name: .customLong("repeat"), help: "Run so many times more after the first; timings are medians of those.")
  package var repeatCount: Int?

  @Option(
    help: ArgumentHelp("Write the pictures with what was found on them.", valueName: "folder"), completion: .directory)
  package var draw: FilePath?

  @Flag(help: "Write over pictures that are there.")
  package var force = false

  @OptionGroup package var vision: VisionOptions
  @OptionGroup(title: "Torchvision's configuration") package var configuration: DetectionOptionGroup
  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  @Argument(help: "The pictures: JPEG or PNG.", completion: .file(extensions: ["jpg", "jpeg", "png"]))
  package var images: [FilePath]

  package init() {}

  package func validate() throws {
    guard repeatCount.map({ $0 >= 1 }) ?? true else { throw ValidationError("--repeat is a whole number from 1.") }
  }

  /// The weights, held against their model.
  package func fit() throws -> ModelFit { try fitting.fit(inputs.open(weights)) }
}
