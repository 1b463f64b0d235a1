import Foundation
import Testing

/// Detections through the command against torchvision's; the model and the pictures come from
/// `TestData/recipes/runnable.py`.
@Suite(.serialized)
struct DetectCommandTests {
  private struct Row: Decodable {
    let image: String
    let width: Int
    let height: Int
    let detections: [Found]
    let timings: [String: Double]?
  }

  private struct Found: Decodable {
    let label: Int
    let score: Double
    let box: [Double]
    let name: String?
  }

  private struct Expected: Decodable {
    struct Picture: Decodable {
      let image: String
      let alone, batched: [Found]
    }
    let images: [Picture]
    let odd: [String: [Found]]
  }

  private let folder: TemporaryFolder
  private let expected: Expected

  init() throws {
    folder = try TemporaryFolder()
    let json = try Data(contentsOf: URL(fileURLWithPath: fixturePath("runnable/runnable.json")))
    expected = try JSONDecoder().decode(Expected.self, from: json)
  }

  private func detect(_ arguments: [String], maxSize: Int = 160, count: Int = 5) throws -> Command {
    try Command(
      [
        "detect", "--weights", fixturePath("runnable/detector.pth"), "--model", "fasterrcnn_resnet18_fpn",
        "--min-size", "96", "--max-size", "\(maxSize)", "--rpn-post-nms-top-n-test", "100", "--box-nms-thresh", "0.3",
        "--box-detections-per-img", "\(count)", "--exact",
      ] + arguments)
  }

  private func expectSame(_ found: [Found], _ expected: [Found], location: SourceLocation = #_sourceLocation) {
    #expect(found.map(\.label) == expected.map(\.label), sourceLocation: location)
    for (ours, theirs) in zip(found, expected) {
      #expect(abs(ours.score - theirs.score) <= 2e-4, sourceLocation: location)
      #expect(zip(ours.box, theirs.box).allSatisfy { abs($0 - $1) <= 0.02 }, sourceLocation: location)
    }
  }

  @Test("--batch runs the pictures as one, as torchvision does; --timings and --repeat add each stage's time")
  func batch() throws {
    let paths = expected.images.map { fixturePath("runnable/\($0.image)") }
    let run = try detect(["--batch", "--json", "--timings", "--repeat", "2"] + paths)
    #expect(run.code == 0)
    #expect(run.errors == "")
    let rows = try run.json([Row].self)
    #expect(rows.map(\.image) == paths)
    #expect(rows.map(\.width) == [120, 64] && rows.map(\.height) == [90, 100])
    for (row, picture) in zip(rows, expected.images) {
      expectSame(row.detections, picture.batched)
      let timings = try #require(row.timings)
      let stages: Set = ["decode", "transform", "backbone", "rpn_head", "proposals", "roi", "total"]
      #expect(Set(timings.keys) == stages)
      #expect(timings.values.allSatisfy { $0 > 0 })
      let total = try #require(timings["total"])
      #expect(timings.filter { !["total", "decode"].contains($0.key) }.values.reduce(0, +) <= total * 1.5)
    }
    #expect(expected.images.contains { $0.alone[0].box != $0.batched[0].box })
  }

  @Test("pictures run one by one unless said; --labels names what is found, and --draw paints it")
  func labelsAndDrawings() throws {
    defer { folder.remove() }
    let paths = expected.images.map { fixturePath("runnable/\($0.image)") }
    let labels = try folder.file("labels.txt", "none\ncat\ndog\ncow\nfox\nred bird \nhorse\n\n")
    let drawings = folder.path("new/drawings")
    let run = try detect(["--json", "--labels", labels, "--draw", drawings] + paths)
    #expect(run.code == 0)
    let rows = try run.json([Row].self)
    for (row, picture) in zip(rows, expected.images) {
      expectSame(row.detections, picture.alone)
      #expect(row.timings == nil)
      for found in row.detections { #expect(found.name == (found.label == 5 ? "red bird" : "horse")) }
      let drawn = try Data(contentsOf: URL(fileURLWithPath: "\(drawings)/\(picture.image)"))
      let original = try Data(contentsOf: URL(fileURLWithPath: fixturePath("runnable/\(picture.image)")))
      // Signature, header and the size are as they were; what is painted is not.
      #expect(drawn.prefix(24) == original.prefix(24))
      #expect(drawn != original)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: drawings).count == 2)
    let again = try detect(["--draw", drawings] + paths)
    #expect(again.code == 73)
    #expect(again.errors.contains("The image already exists.") && again.errors.contains("--force"))
    #expect(again.output == "")
  }

  @Test("two pictures of one name are not drawn over one another: that is a mistake of usage, found before any work")
  func twoOfOneName() throws {
    defer { folder.remove() }
    let run = try detect(["--draw", folder.path("out"), "a/cat.jpg", "b/cat.png"])
    #expect(run.code == 64)
    #expect(run.errors.contains("a/cat.jpg and b/cat.png would both be drawn to"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }

  @Test("a picture of 1x1 pixel has torchvision's detections, in words too")
  func onePixel() throws {
    let expected = try #require(expected.odd["dot.png"])
    let path = fixturePath("runnable/dot.png")
    let run = try detect(["--timings", path], count: expected.count)
    #expect(run.code == 0)
    #expect(run.lines.count == expected.count + 2)
    #expect(run.lines.first == "\(path)  1x1  \(expected.count) found")
    for (line, found) in zip(run.lines.dropFirst(), expected) {
      let words = line.split(separator: " ")
      #expect(words.count == 6 && words[0] == "\(found.label)")
      let numbers = words.dropFirst().compactMap { Double($0) }
      #expect(zip(numbers, [found.score] + found.box).allSatisfy { abs($0 - $1) <= 0.07 })
    }
    #expect(run.lines.last?.hasPrefix("  ms: decode ") == true)
  }

  @Test("a picture 20,000 pixels wide has them too, or is refused where resizing leaves no pixel of its height")
  func veryWide() throws {
    let expected = try #require(expected.odd["wide.png"])
    let path = fixturePath("runnable/wide.png")
    let run = try detect(["--json", path], maxSize: 2000, count: expected.count)
    expectSame(try #require(run.json([Row].self).first).detections, expected)
    let refused = try detect([path], maxSize: 1000)
    #expect(refused.code == 65)
    #expect(refused.errors.contains("Resized to a long side of 1000, an image of 20000x16 pixels is empty."))
    #expect(refused.errors.contains("\n  try: raise --max-size, or crop the image"))
  }
}
