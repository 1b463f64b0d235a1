package import ArgumentParser
package import StateDicts
import TorchCheckpoints
package import VisionModels

/// The arguments of `detect`.
package struct DetectArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    abstract: "Detect objects in images with Faster R-CNN.",
    discussion: """
      Classes of a model with 91 classes have COCO's names unless --labels is given.

      EXAMPLES
        pth2swt detect --weights fasterrcnn_resnet50_fpn_coco-258fb6c6.pth street.jpg
        pth2swt detect --weights shapes.swt --labels shapes.txt --draw out *.png
      """)

  @Option(help: ArgumentHelp("Checkpoint with the weights.", valueName: "file"), completion: .checkpoint)
  var weights: FilePath

  @Flag(help: "Run all images as one batch.")
  package var batch = false

  @Flag(help: "Print JSON.")
  package var json = false

  @Flag(help: "Print the time of each stage in milliseconds.")
  package var timings = false

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Print median timings of n more runs.", valueName: "n"))
  package var repeatCount: Int?

  @Option(
    help: ArgumentHelp("Write images with the detections drawn on them.", valueName: "folder"), completion: .directory)
  package var draw: FilePath?

  @Flag(help: "Overwrite existing images.")
  package var force = false

  @OptionGroup package var vision: VisionOptions
  @OptionGroup(title: "Torchvision's configuration") package var configuration: DetectionOptionGroup
  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  @Argument(help: "Images (JPEG or PNG).", completion: .file(extensions: ["jpg", "jpeg", "png"]))
  package var images: [FilePath]

  package init() {}

  package func validate() throws {
    guard repeatCount.map({ $0 >= 1 }) ?? true else { throw ValidationError("--repeat must be at least 1.") }
  }

  /// Matches the weights with their model.
  package func fit() throws -> ModelFit { try fitting.fit(inputs.open(weights)) }
}
