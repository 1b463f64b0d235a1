import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// Classes through the command against torchvision's, and how pictures and weights that are not sound are refused; the
/// model and the pictures come from `TestData/recipes/runnable.py`.
@Suite struct ClassifyCommandTests {
  private struct Row: Decodable {
    let image: String
    let classes: [Class]
  }

  private struct Class: Decodable {
    let label: Int
    let score: Double
    let name: String?
  }

  private struct Expected: Decodable {
    let classes: [String: [Class]]
  }

  private struct ErrorReport: Decodable {
    struct Body: Decodable {
      let code: String
      let message: String
      let file, entry: String?
    }
    let error: Body
  }

  private let folder: TemporaryFolder
  private let weights = fixturePath("runnable/classifier.pth")

  init() throws {
    folder = try TemporaryFolder()
  }

  private func classify(_ arguments: String...) throws -> Command {
    try Command(["classify", "--weights", weights, "--model", "mobilenet_v2"] + arguments)
  }

  @Test("each picture has torchvision's classes, also one of 1x1 pixel and one 20,000 wide")
  func classes() throws {
    let json = try Data(contentsOf: URL(fileURLWithPath: fixturePath("runnable/runnable.json")))
    let expected = try JSONDecoder().decode(Expected.self, from: json).classes
    #expect(expected.count == 4)
    let names = expected.keys.sorted()
    let paths = names.map { fixturePath("runnable/\($0)") }
    let rows = try Command(["classify", "--weights", weights, "--json", "--top", "6"] + paths).json([Row].self)
    #expect(rows.map(\.image) == paths)
    for (row, name) in zip(rows, names) {
      let wanted = try #require(expected[name])
      #expect(row.classes.map(\.label) == wanted.map(\.label), "\(name)")
      #expect(zip(row.classes, wanted).allSatisfy { abs($0.score - $1.score) <= 1e-3 }, "\(name)")
      #expect(abs(row.classes.map(\.score).reduce(0, +) - 1) <= 1e-5)
    }
  }

  @Test("five classes are told unless said, by number or by the names of a file")
  func labels() throws {
    defer { folder.remove() }
    let picture = fixturePath("runnable/first.png")
    let plain = try classify(picture)
    #expect(plain.code == 0)
    #expect(plain.lines.count == 6)
    #expect(plain.lines.first == picture)
    #expect(plain.lines[1].hasPrefix("  0.39") && plain.lines[1].hasSuffix("  1"))
    let names = try folder.file("names.txt", "sofa\n  tabby cat\nlamp\ndoor\nshelf\nred chair \n\n")
    let named = try classify("--labels", names, "--top", "2", picture)
    #expect(named.lines.dropFirst().map { $0.drop { !$0.isLetter } } == ["tabby cat", "red chair"])
    let missing = try classify("--labels", folder.path("none.txt"), picture)
    #expect(missing.code == 66)
    #expect(missing.errors.contains("No such file.") && missing.errors.contains("none.txt"))
  }

  @Test("what is no picture is refused with its name; those before it have been told")
  func noPicture() throws {
    defer { folder.remove() }
    let picture = fixturePath("runnable/second.png")
    let text = try folder.file("page.jpg", "<!DOCTYPE html>")
    let run = try classify(picture, text)
    #expect(run.code == 65)
    #expect(run.lines.first == picture)
    #expect(
      run.errors
        == "pth2swt: The file is neither a JPEG nor a PNG.\n  at: \(text)\n  try: convert the image to JPEG or PNG\n")
    let report = try classify("--json", text).json(ErrorReport.self).error
    #expect(report.code == "malformedImage" && report.file == text)
    let empty = try classify(try folder.file("empty.png", ""))
    #expect(empty.code == 65)
    #expect(empty.errors.contains("The file is empty."))
    let none = try classify(folder.path("none.png"))
    #expect(none.code == 66)
    #expect(none.errors.hasPrefix("pth2swt: No such file.\n  at: \(folder.path("none.png"))"))
    #expect(try classify(folder.url.path).code == 66)
    let cut = try Data(contentsOf: URL(fileURLWithPath: picture)).dropLast(400)
    try cut.write(to: folder.url.appending(path: "cut.png"))
    let truncated = try classify(folder.path("cut.png"))
    #expect(truncated.code == 65)
    #expect(truncated.errors.contains("The PNG is truncated."))
  }

  @Test("weights of another model are refused: by their kind, by their names, or as fitting none")
  func otherModel() throws {
    let picture = fixturePath("runnable/first.png")
    let kind = try Command("detect", "--weights", weights, picture)
    #expect(kind.code == 64)
    #expect(
      kind.errors.contains("mobilenet_v2 is not a detector.\n  try: use a fasterrcnn_… model, or pth2swt classify"))
    let names = try Command("classify", "--weights", weights, "--model", "resnet18", "--json", picture)
    #expect(names.code == 65)
    #expect(names.errors.contains("Missing key(s) in state_dict: \"conv1.weight\""))
    #expect(try names.json(ErrorReport.self).error.code == "noMatch")
    let none = try Command("classify", "--weights", fixturePath("state_dicts/module.pth"), picture)
    #expect(none.code == 64)
    #expect(
      none.errors.contains("No known model matches these weights.\n  try: compare with a model"))
    let unknown = try Command("classify", "--weights", weights, "--model", "mobilenet_v3", picture)
    #expect(unknown.code == 64)
    #expect(unknown.errors.contains("Unknown model: mobilenet_v3.\n  try: mobilenet_v2"))
  }

  @Test("NaN weights are named by layer, whatever runs them", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) throws {
    defer { folder.remove() }
    let broken: Set = ["features.7.conv.1.0.weight", "classifier.1.bias"]
    let whole = try Checkpoint(path: weights).stateDict()
    let picture = fixturePath("runnable/first.png")
    for names in [broken, ["classifier.1.bias"]] {
      let stateDict = try StateDict(
        whole.map { name, tensor in
          guard names.contains(name) else { return (name, tensor) }
          return (name, try replacingLast(of: tensor, by: value))
        })
      let path = folder.path("broken\(names.count).swt")
      try stateDict.write(toPath: path)
      for arguments in [["classify", "--weights", path, picture], ["validate", path, "--model", "mobilenet_v2"]] {
        let run = try Command(arguments)
        #expect(run.code == 65)
        #expect(run.output == "")
        let first = names.count == 2 ? "features.7.conv.1.0.weight" : "classifier.1.bias"
        #expect(run.errors.contains("\n  at: \(first)\n  try: use an earlier checkpoint: training diverged"))
        if names.count == 2 {
          #expect(run.errors.contains("2 weights have values that are NaN or infinite: \(first), class"))
        }
      }
    }
  }

  private func replacingLast(of tensor: Tensor, by value: Float) throws -> Tensor {
    let values = try [Float](tensor).dropLast() + [value]
    let store = try unsafe ByteStore(byteCount: 4 * values.count) { bytes in
      for (index, value) in values.enumerated() {
        unsafe bytes.storeBytes(of: value, toByteOffset: 4 * index, as: Float.self)
      }
    }
    let geometry = TensorGeometry(contiguous: tensor.shape, elementCount: values.count)
    return Tensor(elementType: .float32, geometry: geometry, storage: Storage(store))
  }
}
