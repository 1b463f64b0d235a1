import Foundation
import StateDicts
import Testing

/// What inspect, verify, fingerprint and diff print, for people and as the JSON that scripts rely on.
@Suite struct ReportCommandTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private struct Inspection: Decodable {
    struct Row: Decodable {
      let name: String
      let dtype: String
      let shape: [Int]
      let bytes: Int
      let sha256: String?
    }

    struct Global: Decodable {
      let name: String
      let verdict: String
    }

    let format: String
    let tensors: [Row]
    let ties: [[String]]
    let globals: [Global]
    let notes: [String]
  }

  @Test("inspect --json has the keys of the contract; SHA-256 with --hashes only")
  func inspectJSON() throws {
    let input = fixturePath("state_dicts/under_model.pth")
    let plain = try Command("inspect", "--json", input).json(Inspection.self)
    #expect(plain.format == "torch zip")
    #expect(plain.tensors.first?.name == "model.conv.weight")
    #expect(plain.tensors.first?.dtype == "float32")
    #expect(plain.tensors.first?.shape == [3, 2, 2, 2])
    #expect(plain.tensors.first?.bytes == 96)
    #expect(plain.tensors.allSatisfy { $0.sha256 == nil })
    #expect(plain.globals.contains { $0.name == "torch._utils._rebuild_tensor_v2" && $0.verdict == "known" })
    #expect(plain.notes == [])
    let hashed = try Command("inspect", "--json", "--hashes", input).json(Inspection.self)
    #expect(hashed.tensors.map(\.name) == plain.tensors.map(\.name))
    #expect(hashed.tensors.allSatisfy { $0.sha256?.count == 64 })
  }

  @Test("inspect lists ties, and a filter keeps the tensors that match")
  func inspectParts() throws {
    let tied = try Command("inspect", "--json", fixturePath("zip_tensors/tied_same_object.pth")).json(Inspection.self)
    #expect(tied.ties.count == 1)
    #expect(tied.tensors.count >= 2)
    let filtered = try Command("inspect", "--json", "--filter", "*.weight", fixturePath("state_dicts/module.pth"))
    #expect(try filtered.json(Inspection.self).tensors.map(\.name) == ["conv.weight", "bn.weight", "head.1.weight"])
  }

  @Test("inspect says what a file is before it lists its tensors")
  func inspectText() throws {
    let input = fixturePath("state_dicts/under_model.pth")
    let run = try Command("inspect", input)
    #expect(run.code == 0)
    #expect(run.errors == "")
    #expect(run.lines.first?.hasPrefix("\(input): torch zip, ") == true)
    #expect(run.output.contains("\n  state dict: under model\n"))
    #expect(run.output.contains("\n  other values: epoch = 12, best_acc = 0.75, arch = \"tiny\"\n"))
    #expect(
      run.lines.contains { $0.hasPrefix("model.conv.weight") && $0.contains("float32") && $0.contains("[3, 2, 2, 2]") })
    let deep = try Command("inspect", "--depth", "2", input)
    #expect(deep.lines.contains { $0.contains("├ bn ") && $0.contains(" tensors ") })
    #expect(!deep.output.contains("running_mean"))
  }

  @Test("verify counts what it read; with a fingerprint it says whether the tensors are the same")
  func verify() throws {
    defer { folder.remove() }
    let input = fixturePath("state_dicts/module.pth")
    struct Report: Decodable {
      struct Verification: Decodable {
        let records: Int
        let bytes: Int
        let damaged: [String]
      }
      let verification: Verification
      let changes: [String]?
    }
    let alone = try Command("verify", "--json", input)
    #expect(alone.code == 0)
    #expect(try alone.json(Report.self).verification.records > 8)
    #expect(try alone.json(Report.self).changes == nil)
    let fingerprint = try Command("fingerprint", input)
    #expect(fingerprint.code == 0)
    #expect(try fingerprint.json(Fingerprint.self).tensors.count == 8)
    let expected = try folder.file("m.json", fingerprint.output)
    let same = try Command("verify", input, "--expect", expected)
    #expect(same.code == 0)
    #expect(same.lines.last == "as \(expected) says")
    let other = try Command("verify", "--json", fixturePath("state_dicts/optimizer_adam.pth"), "--expect", expected)
    #expect(other.code == 1)
    #expect(try other.json(Report.self).changes?.contains("head.1.weight: values changed") == true)
    let text = try Command("verify", fixturePath("state_dicts/optimizer_adam.pth"), "--expect", expected)
    #expect(text.code == 1)
    #expect(text.lines.contains("head.1.weight: values changed"))
  }

  @Test("diff says what differs, exit 1, or that nothing does, exit 0")
  func diff() throws {
    struct Report: Decodable {
      struct Values: Decodable {
        let name: String
        let elements: Int
        let of: Int
        let maximum: Double?
        let mean: Double?
        let cosine: Double?
        let relativeL2: Double?

        enum CodingKeys: String, CodingKey {
          case name, elements, of, maximum, mean, cosine
          case relativeL2 = "relative_l2"
        }
      }
      struct Renamed: Decodable {
        let from: String
        let to: String
      }
      let renamed: [Renamed]
      let onlyInFirst: [String]
      let onlyInSecond: [String]
      let values: [Values]
      let same: Int

      enum CodingKeys: String, CodingKey {
        case renamed, values, same
        case onlyInFirst = "only_in_first"
        case onlyInSecond = "only_in_second"
      }
    }
    let (first, second) = (fixturePath("state_dicts/module.pth"), fixturePath("state_dicts/optimizer_adam.pth"))
    let run = try Command("diff", "--json", first, second)
    #expect(run.code == 1)
    let report = try run.json(Report.self)
    #expect(report.values.contains { $0.name == "head.1.bias" && $0.of == 2 && $0.maximum ?? 0 > 0 })
    #expect(report.values.allSatisfy { $0.mean ?? 0 > 0 && $0.relativeL2 ?? 1 > 0 && $0.cosine ?? 0 <= 1 })
    #expect(report.same > 0)
    let text = try Command("diff", first, second)
    #expect(text.code == 1)
    #expect(text.lines.contains { $0.hasPrefix("  bias  ") && $0.hasSuffix("  all 2") })
    #expect(text.lines.contains("head.1"))
    let short = try Command("diff", "--top", "1", first, second)
    #expect(short.lines.contains("and \(report.values.count - 1) more changed (--top \(report.values.count))"))
    let same = try Command("diff", first, first)
    #expect(same.code == 0)
    #expect(same.output == "the same 8 tensors\n")
    let names = try Command("diff", "--json", first, fixturePath("state_dicts/data_parallel.pth")).json(Report.self)
    #expect(names.renamed.count == 8 && names.renamed.allSatisfy { "module.\($0.from)" == $0.to })
    #expect(names.onlyInFirst.isEmpty && names.onlyInSecond.isEmpty)
  }

  private struct ErrorReport: Decodable {
    struct Body: Decodable {
      let code: String
      let message: String
      let file: String?
      let entry: String?
      let offset: Int?
    }
    let error: Body
  }

  @Test("an error is JSON on standard output where that was asked for, and in words on standard error always")
  func errors() throws {
    defer { folder.remove() }
    let page = try folder.file("m.pth", "<!DOCTYPE html><title>Sign in</title>")
    for subcommand in ["inspect", "verify", "fingerprint"] {
      let run = try Command(subcommand, "--json", page)
      #expect(run.code == 65)
      let report = try run.json(ErrorReport.self).error
      #expect(report.code == "notACheckpoint")
      #expect(report.file == page)
      #expect(report.message == "This is a web page, not a checkpoint.")
      #expect(run.errors.hasPrefix("pth2swt: This is a web page"))
      #expect(run.errors.contains("\n  at: \(page)\n  try: "))
      let words = try Command(subcommand, page)
      #expect(words.output == "")
      #expect(words.errors == run.errors)
    }
  }

  @Test("a mistake in the arguments is JSON too where that was asked for; help and answers are no errors")
  func usageErrors() throws {
    for arguments in [["inspect", "--json", "--nonsense", "m.pth"], ["inspect", "--json"], ["m.pth", "--json"]] {
      let run = try Command(arguments)
      #expect(run.code == 64)
      let report = try run.json(ErrorReport.self).error
      #expect(report.code == "usage")
      #expect(!report.message.isEmpty)
      #expect(run.errors.contains("Usage: pth2swt"))
    }
    #expect(try Command("inspect", "--json", "--help").output.hasPrefix("OVERVIEW"))
  }

  @Test("each kind of failure has its exit code")
  func exitCodes() throws {
    defer { folder.remove() }
    let good = fixturePath("state_dicts/module.pth")
    let text = try folder.file("m.json", "{}")
    let cases: [([String], Int32)] = [
      (["--version"], 0), (["--help"], 0), ([], 64), (["inspect"], 64), (["inspect", "--nonsense", good], 64),
      ([good, folder.path("m.txt")], 64), ([good], 64), (["inspect", "--limit-factor", "0", good], 64),
      (["inspect", "--depth", "x", good], 64),
      (["fingerprint", fixturePath("state_dicts/three_candidates.pth")], 64),
      (["inspect", text], 65), (["fingerprint", "--key", "none", good], 65), (["verify", good, "--expect", text], 65),
      (["fingerprint", fixturePath("pickles/keys_collision.pth")], 65),
      (["inspect", folder.path("none.pth")], 66), (["inspect", folder.url.path], 66), (["diff", good, "none.pth"], 66),
      (["verify", good, "--expect", folder.path("none.json")], 66),
      ([good, folder.path("none/m.swt")], 73), ([good, folder.url.path + "/.swt/m.swt"], 73),
    ]
    for (arguments, code) in cases {
      let run = try Command(arguments)
      #expect(run.code == code, "\(arguments): \(run.errors)")
      if code != 0 { #expect(!run.errors.isEmpty, "\(arguments)") }
    }
  }
}
