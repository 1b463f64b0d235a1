import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// What we write, read by the safetensors library of Python and held against torch, where PTH2SWT_PYTHON names a Python
/// that has both.
@Suite struct PythonTests {
  private struct Fixture: Decodable {
    let file: String
    let container: String?
    let refused: String?
    let torchWrong: Bool?

    enum CodingKeys: String, CodingKey {
      case file, container, refused
      case torchWrong = "torch_wrong"
    }
  }

  private struct Pair: Encodable {
    let source: String
    let key: String
    let written: String
    let leftOut: [String]

    enum CodingKeys: String, CodingKey {
      case source, key, written
      case leftOut = "left_out"
    }
  }

  private static let testData = Repository.testData

  private static let python = ProcessInfo.processInfo.environment["PTH2SWT_PYTHON"]

  @Test(
    "the safetensors library loads what we write of every zip fixture, and every tensor is torch's",
    .enabled(if: python != nil, "PTH2SWT_PYTHON names no Python with torch and safetensors (make reference)"))
  func written() throws {
    let python = try #require(Self.python)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let fixtures = try JSONDecoder().decode(
      [Fixture].self, from: Data(contentsOf: Self.testData.appending(path: "expected.json")))
    var pairs: [Pair] = []
    for fixture in fixtures where fixture.container == "zip" && fixture.refused == nil {
      // Torch itself reads some big-endian numbers wrongly.
      if fixture.torchWrong == true { continue }
      let source = Self.testData.appending(path: "fixtures/\(fixture.file)").path
      let checkpoint = try Checkpoint(path: source)
      // Where two state dicts fit, or two paths join to one name, a user would say which part is meant.
      guard let stateDict = try? checkpoint.stateDict() else { continue }
      for (suffix, expands) in [("swt", false), ("safetensors", true)] {
        let path = folder.path("\(pairs.count).\(suffix)")
        let report = try stateDict.write(
          toPath: path, options: WriteOptions(expandsTies: expands, leavesOutUnsupported: true))
        pairs.append(
          Pair(source: source, key: checkpoint.stateDictKey ?? "", written: path, leftOut: report.leftOut.map(\.name)))
      }
    }
    #expect(pairs.count > 150)
    let list = folder.url.appending(path: "pairs.json")
    try JSONEncoder().encode(pairs).write(to: list)
    // Torch leaves a cache in the temporary folder.
    let run = try ChildRun(
      "/usr/bin/env",
      ["TMPDIR=\(folder.url.path)", python, Self.testData.appending(path: "check_written.py").path, list.path],
      output: folder.path("report.txt"))
    let end = try run.end()
    let report = try String(contentsOfFile: folder.path("report.txt"), encoding: .utf8)
    #expect(end.code == 0, "\(report)")
    let lines: [Substring] = report.split(separator: "\n")
    print(lines.last.map(String.init) ?? "no report")
    #expect(report.hasSuffix(" tensors compared\n"))
  }
}
