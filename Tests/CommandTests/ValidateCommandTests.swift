import Foundation
import Testing

/// The regression test that a team puts in its CI, and the epsilon that its numbers hang by; the model comes from
/// `TestData/recipes/runnable.py`.
@Suite struct ValidateCommandTests {
  private let folder: TemporaryFolder
  private let weights = fixturePath("runnable/classifier.pth")

  init() throws {
    folder = try TemporaryFolder()
  }

  private func validate(_ path: String, _ arguments: String...) throws -> Command {
    try Command(["validate", path, "--model", "mobilenet_v2"] + arguments)
  }

  /// The last stage's line, which every normalization has a say in.
  private func logits(_ path: String, _ arguments: String...) throws -> String {
    try #require(Command(["validate", path, "--model", "mobilenet_v2"] + arguments).lines.last)
  }

  @Test("what came out before is as expected, exit 0; from a .swt of the same weights too")
  func asExpected() throws {
    defer { folder.remove() }
    let kept = try validate(weights, "--json")
    #expect(kept.code == 0)
    let expected = try folder.file("expected.json", kept.output)
    let again = try validate(weights, "--expect", expected)
    #expect(again.code == 0)
    #expect(again.errors == "")
    #expect(again.lines.first == "mobilenet_v2: 158 parameters train, 0 are frozen")
    #expect(again.lines.count == 1 + 19 + 1)
    #expect(again.lines[1].hasPrefix("features.0  1x32x112x112  norm "))
    #expect(again.lines.last == "as expected")
    #expect(try Command(weights, folder.path("m.swt")).code == 0)
    let converted = try validate(folder.path("m.swt"), "--json", "--expect", expected)
    #expect(converted.code == 0)
    #expect(converted.output == kept.output)
  }

  private struct Document: Codable {
    struct Stage: Codable {
      var stage: String
      var shape: [Int]
      var norm, minimum, maximum: Double
      var samples: [Double]
    }
    var model: String
    var trainable, frozen: Int
    var stages: [Stage]
  }

  @Test("what differs is named by stage, exit 1: a number off by more than 1e-4, a shape, a stage, a model")
  func differs() throws {
    defer { folder.remove() }
    let kept = try validate(weights, "--json").json(Document.self)
    let place = try #require(kept.stages.firstIndex { $0.stage == "features.9" })
    func run(_ change: (inout Document, inout Document.Stage) -> Void) throws -> Command {
      var changed = kept
      var stage = kept.stages[place]
      change(&changed, &stage)
      changed.stages[place] = stage
      let text = String(decoding: try JSONEncoder().encode(changed), as: UTF8.self)
      return try validate(weights, "--expect", folder.file("e.json", text))
    }
    #expect(try run { $1.norm *= 1.00005 }.code == 0)
    let norm = try run { $1.norm *= 1.0002 }
    #expect(norm.code == 1)
    #expect(norm.errors.hasPrefix("features.9: norm \(kept.stages[place].norm), expected "))
    #expect(norm.errors.split(separator: "\n").count == 1)
    #expect(!norm.lines.contains("as expected"))
    let sample = try run { $1.samples[3] += $1.maximum / 1000 }
    #expect(sample.code == 1)
    #expect(sample.errors.hasPrefix("features.9: a value differs by "))
    #expect(sample.errors.contains(", more than 0.0001 of the largest, "))
    let shape = try run { $1.shape = [1, 64, 7, 7] }
    #expect(shape.code == 1)
    #expect(shape.errors == "features.9: shape [1, 64, 14, 14], expected [1, 64, 7, 7]\n")
    let stage = try run { $1.stage = "features.99" }
    #expect(stage.code == 1)
    #expect(stage.errors.contains("features.99: missing\n"))
    let model = try run { document, _ in document.model = "resnet18" }
    #expect(model.code == 1)
    #expect(model.errors == "the model is mobilenet_v2, expected resnet18\n")
  }

  @Test("a file that validate did not print is refused, exit 65, and one that is not there, exit 66")
  func otherFiles() throws {
    defer { folder.remove() }
    let text = try validate(weights, "--expect", folder.file("e.json", "{}"))
    #expect(text.code == 65)
    #expect(text.errors.contains("e.json"))
    #expect(try validate(weights, "--expect", folder.path("none.json")).code == 66)
  }

  @Test("the epsilon is 0 by 258fb6c6 in a file's name or in the source that a .swt keeps, else 1e-5, or as --eps says")
  func epsilon() throws {
    defer { folder.remove() }
    let published = folder.path("fasterrcnn_resnet50_fpn_coco-258fb6c6.pth")
    try FileManager.default.copyItem(atPath: weights, toPath: published)
    let (usual, zero) = (try logits(weights), try logits(weights, "--eps", "0"))
    #expect(usual != zero)
    #expect(try logits(weights, "--eps", "1e-5") == usual)
    #expect(try logits(published) == zero)
    #expect(try logits(published, "--eps", "1e-5") == usual)
    for (input, output, arguments) in [
      (published, "mine.swt", []), (folder.path("mine.swt"), "again.swt", []),
      (published, "renamed.swt", ["--rename", "features.*=features.*"]),
      (published, "ordered.safetensors", ["--model", "mobilenet_v2", "--num-classes", "6"]),
    ] {
      #expect(try Command(["convert", input, folder.path(output)] + arguments).code == 0)
      #expect(try logits(folder.path(output)) == zero, "\(output)")
      #expect(try logits(folder.path(output), "--eps", "1e-5") == usual, "\(output)")
    }
    #expect(try Command(weights, folder.path("other.swt")).code == 0)
    #expect(try logits(folder.path("other.swt")) == usual)
  }
}
