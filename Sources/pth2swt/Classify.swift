import ArgumentParser
import StateDicts
import TorchCheckpoints
import VisionModels

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what pictures show, with a ResNet or MobileNetV2.",
    discussion: """
      The classes are counted from the weights; with 1000 of them they are called as ImageNet's.

      EXAMPLES
        pth2swt classify --weights mobilenet_v2-b0353104.pth --model mobilenet_v2 cat.jpg
        pth2swt classify --weights resnet50.swt --model resnet50 --top 3 --json *.jpg
      """)

  @Option(help: ArgumentHelp("The checkpoint.", valueName: "file"), completion: .checkpoint)
  var weights: String

  @Option(help: ArgumentHelp("The model; found by the weights unless said.", valueName: "name"), completion: .model)
  var model: String?

  @Option(help: ArgumentHelp("How many classes to name.", valueName: "n"))
  var top = 5

  @Flag(help: "Print as JSON.")
  var json = false

  @OptionGroup var vision: VisionOptions
  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Argument(help: "The pictures: JPEG or PNG.", completion: .file(extensions: ["jpg", "jpeg", "png"]))
  var images: [String]

  func validate() throws {
    guard top >= 1 else { throw ValidationError("--top is a whole number from 1.") }
  }

  func run() throws {
    let stateDict = try inputs.open(weights).stateDict(key: key.key)
    let classifier = try Classifier(model, weights: stateDict, threads: vision.threads, exact: vision.exact)
    let labels = try vision.names(classifier.classCount == Labels.imageNet.names.count ? .imageNet : Labels([]))
    var rows: [Row] = []
    for path in images {
      let classes = try classifier.classify(decodedImage(path).image, top: top)
      rows.append(
        Row(
          image: path, classes: classes.map { .init(label: $0.label, name: labels[$0.label], score: $0.score) }))
      if !json { print(rows[rows.count - 1]) }
    }
    if json { try printJSON(rows) }
  }

  /// One picture's result: JSON by its keys, text by its description.
  struct Row: Encodable, CustomStringConvertible {
    struct Class: Encodable {
      let label: Int
      let name: String
      let score: Float
    }
    let image: String
    let classes: [Class]

    var description: String {
      var table = TextTable(rightAligned: [true, false])
      for found in classes { table.add("  \(thousandths(found.score))", found.name) }
      return ([image] + table.lines).joined(separator: "\n")
    }
  }
}
