import Foundation
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// The files of `../shared/malformed`, where they are there: broken archives, hostile pickles, impossible geometry.
///
/// Each is refused with exit 65 or gives its tensors, within 256 MiB and a few seconds of a processor, in a debug build too.
@Suite struct MalformedFilesTests {
  private struct Row: Decodable {
    let name: String
    let expect: String
    let why: String
    let tensors: Int?
  }

  private struct Report: Decodable {
    struct Tensor: Decodable { let name: String }
    let tensors: [Tensor]
  }

  private static let script = Repository.shared("malformed/make_malformed.py")

  @Test(
    "every malformed file behaves as its manifest says",
    .enabled(if: FileManager.default.fileExists(atPath: script.path), "../shared/malformed is not there"))
  func all() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try #require(try ChildRun("/usr/bin/env", ["python3", Self.script.path, folder.url.path]).end().code == 0)
    let rows = try JSONDecoder().decode(
      [Row].self, from: Data(contentsOf: folder.url.appending(path: "manifest.json")))
    #expect(rows.count > 200)
    for row in rows {
      // Seconds of a processor, which the kernel counts: other programs on the machine make them no fewer.
      let run = try ChildRun(
        "/bin/sh",
        ["-c", "ulimit -t 10; exec \"$0\" inspect --json --hashes \"$1\"", Command.path, folder.path(row.name)],
        output: folder.path("output.json"))
      let end = try run.end()
      if end.signal == SIGXCPU { Issue.record("\(row.name) does not come to an end: \(row.why)") }
      if end.peakByteCount > 256 << 20 {
        Issue.record("\(row.name) took \(end.peakByteCount >> 20) MiB: \(row.why)")
      }
      let isRight =
        switch row.expect {
        case "error": end.code == 65
        case "ok": end.code == 0
        default: end.code == 65 || end.code == 0
        }
      if !isRight { Issue.record("\(row.name): exit \(end.code ?? -1), \(row.expect) expected: \(row.why)") }
      guard end.code == 0, let count = row.tensors else { continue }
      let report = try JSONDecoder().decode(
        Report.self, from: Data(contentsOf: folder.url.appending(path: "output.json")))
      #expect(report.tensors.count == count, "\(row.name)")
    }
  }
}
