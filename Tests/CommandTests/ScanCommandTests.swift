import Foundation
import Testing

/// What scan prints, for a file and for a folder, and the exit codes that a gate goes by.
@Suite struct ScanCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private struct Report: Decodable {
    struct Global: Decodable {
      let name: String
      let verdict: String
    }

    struct Failure: Decodable {
      let code: String
    }

    let outcome: String
    let globals: [Global]
    let error: Failure?
  }

  private struct FolderReport: Decodable {
    let files: [Report]
    let summary: [String: Int]
  }

  private func write(_ text: String, _ name: String) throws -> String {
    let path = folder.path(name)
    try Data(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test("the exit code says dangerous, broken or passed; --strict fails for what is unknown")
  func codes() throws {
    defer { folder.remove() }
    let sound = fixturePath("state_dicts/under_model.pth")
    #expect(try Command("scan", sound).code == 0)
    #expect(try Command("scan", "--strict", sound).code == 0)
    let unknown = try write("\u{80}\u{2}cfunctools\npartial\n)R.", "unknown.pkl")
    #expect(try Command("scan", unknown).code == 0)
    #expect(try Command("scan", "--strict", unknown).code == 1)
    let evil = try write("\u{80}\u{2}cos\nsystem\n)R.", "evil.pkl")
    #expect(try Command("scan", evil).code == 1)
    let broken = try write("\u{80}\u{2}cmypkg\nNet\n)R\u{FF}", "broken.pkl")
    #expect(try Command("scan", broken).code == 65)
    // What was named before it broke is listed, and counts for more.
    let both = try Command("scan", write("\u{80}\u{2}cos\nsystem\n)R\u{FF}", "both.pkl"))
    #expect(both.code == 1)
    #expect(both.lines.first?.hasPrefix("dangerous  os.system") == true)
    #expect(both.errors.contains("Unknown pickle instruction 0xff."))
    #expect(try Command("scan", write("a text", "text.pth")).code == 65)
    #expect(try Command("scan", folder.path("absent.pth")).code == 66)
  }

  @Test("scan --json is one document, with the error in it")
  func json() throws {
    defer { folder.remove() }
    let path = try write("\u{80}\u{2}cos\nsystem\n)R\u{FF}", "both.pkl")
    let report = try Command("scan", "--json", path).json(Report.self)
    #expect(report.outcome == "dangerous" && report.error?.code == "malformedPickle")
    #expect(report.globals.map(\.name) == ["os.system"] && report.globals[0].verdict == "dangerous")
  }

  @Test("a folder gives a line for each file and a sum; what is no checkpoint does not fail it")
  func folders() throws {
    defer { folder.remove() }
    let sound = try Data(contentsOf: URL(fileURLWithPath: fixturePath("state_dicts/under_model.pth")))
    try sound.write(to: URL(fileURLWithPath: folder.path("a.pth")))
    _ = try write("a text", "readme.txt")
    let passed = try Command("scan", "--strict", folder.path("."))
    #expect(passed.code == 0)
    #expect(passed.lines.count == 3)
    #expect(passed.lines[0].hasPrefix("clean ") && passed.lines[1].hasPrefix("skipped "))
    #expect(passed.lines.last?.contains("1 clean") == true && passed.lines.last?.contains("1 skipped") == true)
    _ = try write("\u{80}\u{2}cos\nsystem\n)R.", "b.pkl")
    let failed = try Command("scan", "--json", folder.path("."))
    #expect(failed.code == 1)
    let report = try failed.json(FolderReport.self)
    #expect(report.files.map(\.outcome) == ["clean", "dangerous", "notACheckpoint"])
    #expect(report.summary["files"] == 3 && report.summary["dangerous"] == 1)
  }
}
