import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import VisionInference
import VisionModels

struct Classify: ParsableCommand {
  static let configuration = ClassifyArguments.configuration

  @OptionGroup var arguments: ClassifyArguments

  func run() throws {
    let vision = arguments.vision
    let classifier = try Classifier(vision.fit(), threads: vision.threads, exact: vision.exact)
    let labels = try vision.labels(of: classifier.classCount, usual: .imageNet, remedy: "write one name per line")
    var rows: [Row] = []
    for path in vision.images {
      let (classes, times) = try classifier.timedClassify(at: path, top: arguments.top)
      rows.append(
        Row(
          image: path, classes: classes.map { .init(label: $0.label, name: labels[$0.label], score: $0.score) },
          timings: vision.timings ? times : nil))
      if !vision.json { print(rows[rows.count - 1].lines) }
    }
    if vision.json { try printJSON(rows) }
  }

  /// The result for an image, as JSON or text.
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
      for found in classes { table.add("  \(Readable.thousandths(found.score))", found.name) }
      let times = timings.map { timings in
        "  ms: decode \(Readable.tenths(timings.decode)), transform \(Readable.tenths(timings.transform)), "
          + "network \(Readable.tenths(timings.network)), total \(Readable.tenths(timings.total))"
      }
      return [image.description] + table.lines + [times].compactMap(\.self)
    }
  }
}
