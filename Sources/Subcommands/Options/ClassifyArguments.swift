package import ArgumentParser

/// The arguments of `classify`.
package struct ClassifyArguments: ParsableArguments {
  package static let configuration = CommandConfiguration(
    abstract: "Classify images with a ResNet or MobileNetV2.",
    discussion: """
      Each line has a probability and its class. Classes of a model with 1000 classes have ImageNet's names, others their \
      numbers, unless --labels names them.

      EXAMPLES
        pth2swt classify --weights mobilenet_v2-b0353104.pth cat.jpg
        pth2swt classify --weights resnet50.swt --model resnet50 --top 3 --json *.jpg
      """)

  @OptionGroup package var vision: VisionOptions

  @Option(help: ArgumentHelp("Number of classes to print", valueName: "n"))
  package var top = 5

  package init() {}

  package func validate() throws {
    guard top >= 1 else { throw ValidationError("--top must be at least 1, not \(top).") }
  }
}
