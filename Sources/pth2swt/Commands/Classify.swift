import ArgumentParser
import StateDicts
import Terminal
import TorchCheckpoints
import VisionModels

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
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
  var top = 5

  @Flag(help: "Print as JSON.")
  var json = false

  @Flag(help: "Print how long each stage took, in milliseconds.")
  var timings = false

  @OptionGroup var vision: VisionOptions
  @OptionGroup(title: "Weights and model") var fitting: WeightsOptions
  @OptionGroup var inputs: InputOptions

  @Argument(help: "The pictures: JPEG or PNG.", completion: .file(extensions: ["jpg", "jpeg", "png"]))
  var images: [FilePath]

  func validate() throws {
    guard top >= 1 else { throw ValidationError("--top is a whole number from 1.") }
  }

  func run() throws {
    let classifier = try Classifier(
      fitting.fit(inputs.open(weights)), threads: vision.threads, exact: vision.exact)
    let labels = try vision.labels(of: classifier.classCount, usual: .imageNet, remedy: "one name a line")
    var rows: [Row] = []
    for path in images {
      let decoded = try decodedImage(path)
      var (classes, times) = try classifier.timedClassify(decoded.image, top: top)
      times.decode = decoded.milliseconds
      rows.append(
        Row(
          image: path, classes: classes.map { .init(label: $0.label, name: labels[$0.label], score: $0.score) },
          timings: timings ? times : nil))
      if !json { print(rows[rows.count - 1].lines) }
    }
    if json { try printJSON(rows) }
  }

  /// One picture's result: JSON by its keys, text by its lines.
  struct Row: Encodable {
    struct Class: Encodable {
      let label: Int
      let name: String
      let score: Float
    }
    let image: FilePath
    let classes: [Class]
    let timings: ClassificationTimings?

    var lines: [String] {
      var table = TextTable(rightAligned: [true, false])
      for found in classes { table.add("  \(thousandths(found.score))", found.name) }
      let times = timings.map { timings in
        "  ms: decode \(tenths(timings.decode)), transform \(tenths(timings.transform)), "
          + "network \(tenths(timings.network)), total \(tenths(timings.total))"
      }
      return [image.description] + table.lines + [times].compactMap(\.self)
    }
  }
}
