import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import VisionInference
import VisionModels

struct Detect: ParsableCommand {
  static let configuration = DetectArguments.configuration

  @OptionGroup var arguments: DetectArguments

  func run() throws {
    let (images, vision) = (arguments.vision.images, arguments.vision)
    let targets = try arguments.draw.map { try Picture.targets(images, in: $0, overwriting: arguments.force) }
    let detector = try Detector(
      vision.fit(), options: arguments.configuration.options, threads: vision.threads, exact: vision.exact)
    let labels = try vision.labels(
      of: detector.classCount, usual: .coco, remedy: "write one name per line, the first for the background (class 0)")
    var rows: [DetectionRow] = []
    var undrawn = targets?[...]
    for paths in arguments.batch ? [images] : images.map({ [$0] }) {
      let (sizes, found, times) = try measured(detector, paths)
      for (index, path) in paths.enumerated() {
        if let target = undrawn?.popFirst() {
          try Image(at: path).drawing(found[index], labels: labels).write(to: target, overwrites: arguments.force)
        }
        rows.append(
          DetectionRow(path, sizes[index], found[index], labels, timings: vision.timings ? times : nil))
        if !vision.json { print(rows[rows.count - 1].lines) }
      }
    }
    if vision.json { try printJSON(rows) }
  }

  /// Runs once, and then as often as requested for timings.
  private func measured(
    _ detector: Detector, _ paths: [FilePath]
  ) throws -> ([PixelSize], [[Detection]], StageTimings) {
    let sources = paths.map(Detector.DetectionSource.file)
    var (sizes, found, first) = try detector.detect(in: sources)
    var runs = [first]
    if let repeatCount = arguments.repeatCount {
      runs = []
      for _ in 0..<repeatCount {
        let run = try detector.detect(in: sources)
        (sizes, found) = (run.sizes, run.detections)
        runs.append(run.timings)
      }
    }
    first = StageTimings.medians(runs)
    return (sizes, found, first)
  }
}

/// The result for an image, as JSON or text.
struct DetectionRow: Encodable {
  struct Found: Encodable {
    let label: Int
    let name: String
    let score: Float
    let box: [Float]
  }
  let image: FilePath
  let width: Int
  let height: Int
  let detections: [Found]
  let timings: StageTimings?

  init(_ path: FilePath, _ size: PixelSize, _ found: [Detection], _ labels: Labels, timings: StageTimings?) {
    self.image = path
    width = size.width
    height = size.height
    detections = found.map { detection in
      let box = detection.box
      return Found(
        label: detection.label, name: labels[detection.label], score: detection.score,
        box: [box.left, box.top, box.right, box.bottom])
    }
    self.timings = timings
  }

  var lines: [String] {
    var table = TextTable(rightAligned: [false, true, true, true, true, true])
    for found in detections {
      table.add(
        "  \(found.name)", Readable.thousandths(found.score), Readable.tenths(found.box[0]),
        Readable.tenths(found.box[1]),
        Readable.tenths(found.box[2]), Readable.tenths(found.box[3]))
    }
    var lines = ["\(image)  \(width)x\(height)  \(detections.count) found"] + table.lines
    if let timings {
      lines.append(
        "  ms: decode \(Readable.tenths(timings.decode)), transform \(Readable.tenths(timings.transform)), "
          + "backbone \(Readable.tenths(timings.backbone)), rpn_head \(Readable.tenths(timings.rpnHead)), "
          + "proposals \(Readable.tenths(timings.proposals)), roi \(Readable.tenths(timings.roi)), total \(Readable.tenths(timings.total))"
      )
    }
    return lines
  }
}

/// Images with detections drawn on them, in a folder.
enum Picture {
  /// Returns the path of each output image, a PNG with the name of its input, and creates the folder.
  ///
  /// Called before anything runs, so that no work is lost.
  static func targets(_ paths: [FilePath], in folder: FilePath, overwriting: Bool) throws -> [FilePath] {
    let targets = paths.map { path in
      let name = path.name.bytes
      let stem = name.lastIndex(of: UInt8(ascii: ".")).map { $0 > 0 ? name[..<$0] : name[...] } ?? name[...]
      return folder.appending(FilePath(bytes: stem + ".png".utf8))
    }
    var taken: [FilePath: FilePath] = [:]
    for (path, target) in zip(paths, targets) {
      if let other = taken.updateValue(path, forKey: target) {
        throw ValidationError("\(other) and \(path) would both be drawn to \(target).")
      }
    }
    try folder.createFolder()
    for target in targets where !overwriting && target.exists {
      throw CheckpointError(
        .outputExists, "The image already exists.", file: target.description, remedy: "add --force")
    }
    return targets
  }
}
