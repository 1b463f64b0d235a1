import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// Maps, held against torch's own functions where PTH2SWT_PYTHON names a Python that has them.
@Suite struct MapPythonTests {
  private static let python = ProcessInfo.processInfo.environment["PTH2SWT_PYTHON"]
  private static let count = 300

  private func run(_ python: String, _ mode: String, _ folder: TemporaryFolder, _ rest: [String] = []) throws {
    let script = Repository.testData.appending(path: "check_maps.py").path
    let run = try ChildRun(
      "/usr/bin/env",
      ["TMPDIR=\(folder.url.path)", python, script, mode, folder.url.path, "\(Self.count)"] + rest,
      output: folder.path("report.txt"))
    let end = try run.end()
    let report = try String(contentsOfFile: folder.path("report.txt"), encoding: .utf8)
    #expect(end.code == 0, "\(report)")
    if mode == "check" { #expect(report.hasSuffix(" tensors compared\n")) }
  }

  @Test(
    "random maps of random checkpoints make what torch makes of them, in both formats, and inverses undo them",
    .enabled(if: python != nil, "PTH2SWT_PYTHON names no Python with torch and safetensors (make reference)"))
  func random() throws {
    let python = try #require(Self.python)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try run(python, "make", folder, ["7"])
    var undone = 0
    for number in 0..<Self.count {
      let map = try TensorMap(parsing: String(contentsOfFile: folder.path("\(number).json"), encoding: .utf8))
      let conversion = try Checkpoint(path: folder.path("\(number).pth")).stateDict().converted(by: map)
      try conversion.stateDict.write(
        toPath: folder.path("\(number).safetensors"),
        options: WriteOptions(expandsTies: true, leavesOutUnsupported: true))
      try conversion.stateDict.write(toPath: folder.path("\(number).out.pth"))
      guard let inverse = try? conversion.inverse() else { continue }
      let read = try Checkpoint(path: folder.path("\(number).out.pth")).stateDict()
      try read.converted(by: inverse).stateDict.write(toPath: folder.path("\(number).back.pth"))
      undone += 1
    }
    #expect(undone > Self.count / 3)
    try run(python, "check", folder)
  }
}
