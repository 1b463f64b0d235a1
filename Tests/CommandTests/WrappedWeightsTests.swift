import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// Weights as training scripts leave them: every subcommand finds state dict, prefix, classes and model, with no flag.
///
/// `wrapped/classifier.pth` is torch's (`TestData/recipes/wrapped.py`); the others are written here, of
/// `runnable/detector.pth` cut down to three classes.
@Suite(.serialized) struct WrappedWeightsTests {
  private struct Class: Decodable {
    let label: Int
    let score: Double
  }
  private struct Classified: Decodable {
    let classes: [Class]
    let timings: [String: Double]?
  }
  private struct Detected: Decodable, Equatable {
    struct Found: Decodable, Equatable {
      let label: Int
      let score: Double
      let box: [Double]
    }
    let detections: [Found]
  }
  private struct Report: Decodable {
    let name: String
    let num_classes: Int
    let exact: Bool
  }

  private let folder: TemporaryFolder
  private let classifier = fixturePath("wrapped/classifier.pth")
  private let picture = fixturePath("runnable/first.png")

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test(
    "a compiled classifier under model, beside its optimizer: classify, validate, match and convert take it as it is")
  func classifierBesideOptimizer() throws {
    defer { folder.remove() }
    let json = try Data(contentsOf: URL(fileURLWithPath: fixturePath("wrapped/wrapped.json")))
    let expected = try JSONDecoder().decode([String: [Class]].self, from: json)
    let row = try #require(
      Command("classify", "--weights", classifier, "--json", "--timings", picture).json([Classified].self).first)
    let wanted = try #require(expected["first.png"])
    #expect(row.classes.map(\.label) == wanted.map(\.label))
    #expect(zip(row.classes, wanted).allSatisfy { abs($0.score - $1.score) <= 1e-3 })
    let timings = try #require(row.timings)
    #expect(Set(timings.keys) == ["decode", "transform", "network", "total"])
    #expect(timings.values.allSatisfy { $0 > 0 })
    let validation = try Command("validate", classifier)
    #expect(validation.code == 0)
    #expect(validation.lines.first == "mobilenet_v2: 158 parameters train, 0 are frozen")
    let match = try Command("match", classifier, "--json")
    #expect(match.code == 0)
    let report = try match.json(Report.self)
    #expect(report.exact && report.name == "mobilenet_v2" && report.num_classes == 3)
    let converted = folder.path("m.swt")
    #expect(try Command("convert", classifier, converted, "--model", "mobilenet_v2").code == 0)
    #expect(try Checkpoint(path: converted).stateDict().names.first == "features.0.0.weight")
    #expect(try Command("validate", converted).output == validation.output)
  }

  @Test("--eps and --num-classes are classify's too, and --timings are printed")
  func classifyOptions() throws {
    defer { folder.remove() }
    let usual = try Command("classify", "--weights", classifier, picture)
    #expect(usual.code == 0)
    let other = try Command("classify", "--weights", classifier, "--eps", "1", picture)
    #expect(other.code == 0 && other.output != usual.output)
    let timed = try Command("classify", "--weights", classifier, "--timings", picture)
    #expect(timed.lines.last?.hasPrefix("  ms: decode ") == true)
    let wrong = try Command(
      "classify", "--weights", classifier, "--model", "mobilenet_v2", "--num-classes", "9", picture)
    #expect(wrong.code == 65)
    #expect(
      wrong.errors.hasPrefix(
        "pth2swt: to fix: --num-classes 3, because module._orig_mod.classifier.1.weight is [3, 1280]\n"))
  }

  /// The detector of the fixtures with three classes, under other names.
  private func detector(_ name: (String) -> String) throws -> StateDict {
    let heads = ["cls_score": 3, "bbox_pred": 12]
    return try StateDict(
      Checkpoint(path: fixturePath("runnable/detector.pth")).stateDict().map { source, tensor in
        guard let (_, rows) = heads.first(where: { source.hasPrefix("roi_heads.box_predictor.\($0.key)") }) else {
          return (name(source), tensor)
        }
        return (name(source), try tensor.first(rows))
      })
  }

  @Test("a detector of three classes is found behind every prefix, by detect, validate and match")
  func wrappedDetectors() throws {
    defer { folder.remove() }
    let options = ["--min-size", "96", "--max-size", "160", "--rpn-post-nms-top-n-test", "100", "--exact", "--json"]
    let wrappings: [(String) -> String] = [
      { $0 }, { "module." + $0 }, { "_orig_mod." + $0 }, { "module._orig_mod." + $0 }, { "detector." + $0 },
      { "model.module." + $0.replacing("roi_heads.", with: "roi_heads._orig_mod.") },
    ]
    var plain: [Detected]?
    for (number, wrapping) in wrappings.enumerated() {
      let path = folder.path("\(number).swt")
      try detector(wrapping).write(toPath: path)
      // One run takes seconds in a debug build; all of them ask for the model in one place.
      if [0, 3, 5].contains(number) {
        let run = try Command(["detect", "--weights", path] + options + [picture])
        #expect(run.code == 0, "\(wrapping("")): \(run.errors)")
        let found = try run.json([Detected].self)
        #expect(found.first?.detections.isEmpty == false)
        if let plain { #expect(found == plain, "\(wrapping(""))") } else { plain = found }
      }
      let report = try Command("match", path, "--json").json(Report.self)
      #expect(report.exact && report.name == "fasterrcnn_resnet18_fpn" && report.num_classes == 3)
    }
    #expect(try Command("validate", folder.path("3.swt")).code == 0)
  }

  @Test("match's options work in detect: --rename, --allow-unexpected, --key")
  func matchOptions() throws {
    defer { folder.remove() }
    let path = folder.path("renamed.swt")
    let renamed = try detector { "net." + $0.replacing("roi_heads.", with: "heads.") }
    try StateDict(renamed.map { ($0, $1) } + [("loss.scale", try #require(renamed.tensors.first))]).write(toPath: path)
    let refused = try Command("detect", "--weights", path, "--model", "fasterrcnn_resnet18_fpn", picture)
    #expect(refused.code == 65)
    #expect(
      refused.errors.hasPrefix(
        "pth2swt: to fix: --rename 'net.heads.*=roi_heads.*' --strip-prefix --allow-unexpected loss.scale\n"))
    let options = ["--min-size", "96", "--max-size", "160"]
    let run = try Command(
      ["detect", "--weights", path, "--rename", "net.heads.*=roi_heads.*", "--allow-unexpected", "loss.*"] + options
        + [picture])
    #expect(run.code == 0, "\(run.errors)")
    let key = try Command(
      ["detect", "--weights", path, "--key", "net", "--rename", "heads.*=roi_heads.*"] + options + [picture])
    #expect(key.output == run.output)
  }

  @Test("the command says when a renaming or a filter matches nothing, and goes on")
  func withoutEffect() throws {
    let match = try Command("match", classifier, "--rename", "head.*=fc.*")
    #expect(match.code == 0)
    #expect(match.errors == "pth2swt: the renaming 'head.*=fc.*' matches no tensor's name\n")
    let shadowed = try Command("match", classifier, "--rename", "module.*=*", "--rename", "module._orig_mod.*=*")
    #expect(
      shadowed.errors
        == "pth2swt: the renaming 'module._orig_mod.*=*' matches only names that an earlier one renames\n")
    let inspect = try Command("inspect", classifier, "--filter", "*.wieght")
    #expect(inspect.code == 0)
    #expect(inspect.errors == "pth2swt: --filter '*.wieght' matches no tensor's name\n")
    #expect(try Command("inspect", classifier, "--filter", "*.weight").errors == "")
  }

  @Test("a file of labels with more or fewer names than the model has classes is refused")
  func labels() throws {
    defer { folder.remove() }
    for (names, code) in [("a\nb\nc\n", Int32(0)), ("a\nb\n", 64), ("a\nb\nc\nd\n", 64)] {
      let run = try Command(
        "classify", "--weights", classifier, "--labels", folder.file("labels.txt", names), picture)
      #expect(run.code == code)
      if code != 0 { #expect(run.errors.contains(" names, but the model has 3 classes.\n  at: ")) }
    }
    let path = folder.path("d.swt")
    try detector { $0 }.write(toPath: path)
    let run = try Command("detect", "--weights", path, "--labels", folder.file("two.txt", "cat\ndog\n"), picture)
    #expect(run.code == 64)
    #expect(
      run.errors.contains("The file has 2 names, but the model has 3 classes.") && run.errors.contains("background"))
  }
}

extension Tensor {
  /// The first rows, in a storage of their own.
  fileprivate func first(_ rows: Int) throws -> Tensor {
    let shape = [rows] + self.shape.dropFirst()
    let values = try [Float](self).prefix(shape.reduce(1, *))
    let store = try unsafe ByteStore(byteCount: 4 * values.count) { bytes in
      for (index, value) in values.enumerated() {
        unsafe bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
      }
    }
    let geometry = TensorGeometry(contiguous: shape, elementCount: values.count)
    return Tensor(elementType: .float32, geometry: geometry, storage: Storage(store))
  }
}
