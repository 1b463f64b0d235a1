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
    try check(pairs, with: "check_written.py", in: folder)
  }

  private struct Case: Encodable {
    let source: String
    let written: String
    let format: String
    let key: String
    /// The paths of what was left out or not kept.
    let missing: [String]
    /// Whether strides must be the source's.
    let strides: Bool
  }

  @Test(
    "torch, numpy and the safetensors library read what we write of every zip fixture in each format",
    .enabled(if: python != nil, "PTH2SWT_PYTHON names no Python with torch and safetensors (make reference)"))
  func formats() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let fixtures = try JSONDecoder().decode(
      [Fixture].self, from: Data(contentsOf: Self.testData.appending(path: "expected.json")))
    var cases: [Case] = []
    for fixture in fixtures where fixture.container == "zip" && fixture.refused == nil && fixture.torchWrong != true {
      // Here a tensor moves to the top: it is nested too deep, or an attribute of another.
      if ["nested_deep", "tensor_attribute"].contains(where: fixture.file.contains) { continue }
      let checkpoint = try Checkpoint(path: Self.testData.appending(path: "fixtures/\(fixture.file)").path)
      for everything in [false, true] {
        guard let stateDict = try? everything ? checkpoint.everything() : checkpoint.stateDict() else { continue }
        cases += try self.cases(of: stateDict, checkpoint, everything: everything, in: folder, from: cases.count)
      }
    }
    #expect(cases.count > 400)
    try check(cases, with: "check_formats.py", in: folder)
  }

  /// Writes a state dict in each format.
  private func cases(
    of stateDict: StateDict, _ checkpoint: Checkpoint, everything: Bool, in folder: TemporaryFolder, from number: Int
  ) throws -> [Case] {
    var cases: [Case] = []
    let key = everything ? "" : checkpoint.stateDictKey ?? ""
    var options = WriteOptions(leavesOutUnsupported: true)
    func write(_ stateDict: StateDict, _ name: String, as format: String, strides: Bool = true) throws {
      let path = folder.path("\(number + cases.count).\(name)")
      let report = try stateDict.write(toPath: path, options: options)
      let before = stateDict.metadata.leftOutBefore.map(\.name)
      cases.append(
        Case(
          source: checkpoint.file, written: path, format: format, key: key,
          missing: before + (report.leftOut + report.notKept).map(\.name), strides: strides))
    }
    // The tensors of a big-endian file are written out.
    let isLittle = stateDict.tensors.allSatisfy { $0.storage.byteOrder == .little }
    try write(stateDict, "pth", as: "pth", strides: isLittle)
    let between = folder.path("between.swt")
    try stateDict.write(toPath: between, options: WriteOptions(overwrites: true, leavesOutUnsupported: true))
    try write(Checkpoint(path: between).stateDict(), "pth", as: "pth", strides: false)
    guard !everything else { return cases }
    try write(stateDict, "npz", as: "npz")
    if stateDict.count == 1, let only = stateDict.tensors.first, only.composition == nil,
      (try? write(stateDict, "npy", as: "npy")) == nil
    {
      #expect(only.elementType != .float32)
    }
    options.maxShardByteCount = 100
    try write(stateDict, "shards", as: "shards")
    return cases
  }

  /// Runs a script of TestData over a list, and expects it to find no difference.
  private func check(_ list: [some Encodable], with script: String, in folder: TemporaryFolder) throws {
    let python = try #require(Self.python)
    let file = folder.url.appending(path: "list.json")
    try JSONEncoder().encode(list).write(to: file)
    // Torch leaves a cache in the temporary folder.
    let run = try ChildRun(
      "/usr/bin/env",
      ["TMPDIR=\(folder.url.path)", python, Self.testData.appending(path: script).path, file.path],
      output: folder.path("report.txt"))
    let end = try run.end()
    let report = try String(contentsOfFile: folder.path("report.txt"), encoding: .utf8)
    #expect(end.code == 0, "\(report)")
    let lines: [Substring] = report.split(separator: "\n")
    print(lines.last.map(String.init) ?? "no report")
    #expect(report.hasSuffix(" tensors compared\n"))
  }
}
