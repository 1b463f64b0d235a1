import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// The rule of every conversion: each tensor that is listed is written, or an alias, or left out with a reason.
@Suite("Nothing is lost in silence")
struct NothingLostTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private static let shared = ExpectedRow.fixtures.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared")
  private static let corpus: [String] =
    ((try? ExpectedRow.rows(of: shared.appending(path: "corpus/expected.json"))) ?? [])
    .map { shared.appending(path: "corpus/\($0.file)").path }
  private static let cases: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: shared.appending(path: "cases/files").path)) ?? [])
    .filter { $0.hasSuffix(".pth") }.sorted().map { shared.appending(path: "cases/files/\($0)").path }

  @Test("of every fixture", arguments: ExpectedRow.all.filter { $0.refused == nil })
  func fixture(_ row: ExpectedRow) throws {
    let found = try unaccounted(row.path)
    #expect(found.isEmpty, "\(found.prefix(5))")
  }

  @Test("of every real file that is at hand", .enabled(if: !corpus.isEmpty, "no ../shared/corpus"))
  func realFiles() throws {
    for path in Self.corpus {
      let found = try unaccounted(path)
      #expect(found.isEmpty, "\(path.suffix(20)): \(found.prefix(5))")
    }
  }

  @Test("of every case that is at hand", .enabled(if: !cases.isEmpty, "no ../shared/cases"))
  func caseFiles() throws {
    for path in Self.cases {
      let found = try unaccounted(path)
      #expect(found.isEmpty, "\(path.suffix(20)): \(found.prefix(5))")
    }
  }

  /// The tensors that are listed, and neither written nor left out, whatever part of the file is converted.
  private func unaccounted(_ path: String) throws -> [String] {
    let checkpoint = try Checkpoint(path: path)
    var found: [String] = []
    for key in [nil, "."] {
      guard let stateDict = try stateDict(of: checkpoint, key: key) else { continue }
      for options in [
        WriteOptions(leavesOutUnsupported: true), WriteOptions(expandsTies: true, leavesOutUnsupported: true),
      ] {
        found += try unaccounted(stateDict, of: checkpoint, options).map { "\(key ?? ""): \($0)" }
      }
    }
    return found
  }

  /// Nil for a file of several state dicts, of one name for two tensors, or of no tensor: nothing is written.
  private func stateDict(of checkpoint: Checkpoint, key: String?) throws -> StateDict? {
    do {
      return try checkpoint.stateDict(key: key)
    } catch  where [.ambiguousStateDict, .nameCollision, .noStateDict].contains(error.code) {
      return nil
    }
  }

  private func unaccounted(
    _ stateDict: StateDict, of checkpoint: Checkpoint, _ options: WriteOptions
  ) throws -> [String] {
    let output = folder.path("\(UUID().uuidString).swt")
    defer { try? FileManager.default.removeItem(atPath: output) }
    let report = try stateDict.write(toPath: output, options: options)
    let read = try Checkpoint(path: output).stateDict()
    var accounted = Set(report.leftOut.map { ExactName($0.name) })
    let reported = Set((report.written + report.aliases.map(\.name)).map(ExactName.init))
    for (name, original) in zip(stateDict.names, stateDict.originalNames) where reported.contains(ExactName(name)) {
      if read[name] != nil { accounted.insert(ExactName(original)) }
    }
    #expect(report.leftOut.allSatisfy { !$0.reason.isEmpty })
    #expect(read.metadata.leftOutBefore.map(\.name) == (stateDict.metadata.leftOutBefore + report.leftOut).map(\.name))
    return checkpoint.tensors.map(\.name).filter { !accounted.contains(ExactName($0)) }
  }
}
