package import ArgumentParser
package import StateDicts

/// The arguments of `detect`.
package struct DetectArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    abstract: "Detect objects in images with Faster R-CNN.",
    discussion: """
      Each line has the class, the score, and the box in pixels: left, top, right, bottom. Classes of a model with 91 classes \
      have COCO's names, others their numbers, unless --labels names them (the first name is the background's). To leave out \
      uncertain detections, use --box-score-thresh 0.5; a model that was trained on small images needs its --min-size.

      EXAMPLES
        pth2swt detect --weights fasterrcnn_resnet50_fpn_coco-258fb6c6.pth street.jpg
        pth2swt detect --weights shapes.swt --labels shapes.txt --draw out *.png
      """)

  @OptionGroup package var vision: VisionOptions

  @Flag(help: "Run all images as one batch.")
  package var batch = false

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Print median timings of n more runs.", valueName: "n"))
  package var repeatCount: Int?

  @Option(
    help: ArgumentHelp("Write images with the detections drawn on them.", valueName: "folder"), completion: .directory)
  package var draw: FilePath?

  @Flag(help: "Overwrite existing images.")
  package var force = false

  @OptionGroup(title: "Torchvision's configuration") package var configuration: DetectionOptionGroup

  package init() {}

  package func validate() throws {
    guard repeatCount.map({ $0 >= 1 }) ?? true else { throw ValidationError("--repeat must be at least 1.") }
  }
}
