import Foundation
import Testing

/// The shell part of `action.yml`, as GitHub runs it.
@Suite struct ActionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Runs the action with a fixture's fingerprint.
  ///
  /// - Returns: The run, and the summary that it wrote.
  private func run(_ checkpoint: String, expecting reviewed: String, base: String = "") throws -> (Command, String) {
    defer { folder.remove() }
    let fixtures = Repository.testData.appending(path: "fixtures/state_dicts")
    let script = """
      "$0" fingerprint "$2" > "$4/f.json" &&
      PTH2SWT="$0" CHECKPOINT="$1" FINGERPRINT="$4/f.json" BASE="$3" VALUES=true GITHUB_STEP_SUMMARY="$4/summary.md" \
      bash "$5"
      """
    let run = try Command(
      script: script, fixtures.appending(path: checkpoint).path, fixtures.appending(path: reviewed).path,
      base.isEmpty ? "" : fixtures.appending(path: base).path, folder.url.path,
      Repository.testData.deletingLastPathComponent().appending(path: ".ci/action").path)
    return (run, try String(contentsOfFile: folder.path("summary.md"), encoding: .utf8))
  }

  @Test("weights as reviewed pass, and the summary says so")
  func same() throws {
    let (run, summary) = try run("module.pth", expecting: "module.pth")
    #expect(run.code == 0, "\(run.errors)")
    #expect(summary.hasPrefix("### Checkpoint as reviewed\n"))
  }

  @Test("other weights fail, and the summary has what changed and how far tensors are apart")
  func changed() throws {
    let (run, summary) = try run("parameters.pth", expecting: "module.pth", base: "module.pth")
    #expect(run.code == 1)
    #expect(summary.hasPrefix("### Checkpoint is not as reviewed\n"))
    #expect(summary.contains("    bn.running_mean: removed") && summary.contains("#### Differences"))
    // Nothing of a file is Markdown.
    let foreign = summary.split(separator: "\n").filter { !$0.hasPrefix("    ") && !$0.hasPrefix("#") }
    #expect(foreign.isEmpty)
  }
}
