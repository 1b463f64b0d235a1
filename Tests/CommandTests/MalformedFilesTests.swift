import Foundation
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// The files of `../shared/malformed`, where they are there: broken archives, hostile pickles, impossible geometry.
///
/// Each is refused with exit 65 or gives its tensors, within 2 s and 256 MiB, in a debug build too.
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

  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/malformed/make_malformed.py").standardized

  @Test("every malformed file behaves as its manifest says")
  func all() throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    guard FileManager.default.fileExists(atPath: Self.script.path),
      try ChildRun("/usr/bin/env", ["python3", Self.script.path, folder.url.path]).end(within: .seconds(60))?.code == 0
    else {
      print("skipped: ../shared/malformed is not here, or python3 does not run its script")
      return
    }
    let rows = try JSONDecoder().decode(
      [Row].self, from: Data(contentsOf: folder.url.appending(path: "manifest.json")))
    #expect(rows.count > 200)
    for row in rows {
      let run = try ChildRun(
        Command.path, ["inspect", "--json", "--hashes", folder.path(row.name)], output: folder.path("output.json"))
      guard let end = run.end(within: .seconds(Self.patience)) else {
        Issue.record("\(row.name) took longer than \(Self.patience) s: \(row.why)")
        continue
      }
      // A child's peak begins at this process's own, from which it is forked.
      if end.peakByteCount > max(256 << 20, Self.ownPeak) {
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

  /// Two seconds, doubled since other tests run beside this one.
  private static let patience = 4

  private static var ownPeak: Int {
    var usage = rusage()
    // 0 is RUSAGE_SELF, which the C libraries give different types.
    guard unsafe getrusage(0, &usage) == 0 else { return 0 }
    #if canImport(Darwin)
      return usage.ru_maxrss
    #else
      return usage.ru_maxrss * 1024
    #endif
  }
}
