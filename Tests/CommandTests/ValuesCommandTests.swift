import Foundation
import StateDicts
import Testing

/// What `inspect --stats` and `verify --values` say of the values in a file.
@Suite struct ValuesCommandTests {
  private struct Report: Decodable {
    struct Row: Decodable {
      struct Statistics: Decodable {
        struct Histogram: Decodable {
          let edges: [Double]
          let counts: [Int]
        }
        let min: Double?
        let max: Double?
        let mean: Double?
        let std: Double?
        let zeros: Int
        let nan: Int
        let inf: Int
        let l1: Double
        let l2: Double
        let histogram: Histogram?
      }
      let name: String
      let statistics: Statistics?
    }
    let tensors: [Row]
  }

  private struct Verification: Decodable {
    struct Finding: Decodable {
      let name: String
      let check: String
    }
    let findings: [Finding]
  }

  let folder: TemporaryFolder
  let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.path("values.swt")
    try StateDict([
      ("conv.weight", Tensor([3, -4, 0, 12] as [Float], shape: [2, 2])),
      ("conv.bias", Tensor([.nan, .infinity, 1] as [Float], shape: [3])),
      ("bn.weight", Tensor([1, 1] as [Float], shape: [2])),
      ("bn.running_var", Tensor([1, -0.5] as [Float], shape: [2])),
      ("fc.weight", Tensor([0.5, 0.5, 0.5, 0.5] as [Float], shape: [2, 2])),
      ("steps", Tensor([7] as [Int64], shape: [])),
    ]).write(to: URL(fileURLWithPath: file))
  }

  @Test("inspect --stats has figures for every tensor")
  func statistics() throws {
    let rows = try Command("inspect", "--json", "--stats", file).json(Report.self).tensors
    let first = try #require(rows.first { $0.name == "conv.weight" }?.statistics)
    #expect(first.min == -4 && first.max == 12 && first.mean == 2.75 && first.zeros == 1)
    #expect(first.l1 == 19 && first.l2 == 13 && first.nan == 0 && first.inf == 0)
    #expect(first.std.map { abs($0 - 6.8007352) < 1e-6 } == true)
    #expect(first.histogram?.edges.count == 33 && first.histogram?.counts.reduce(0, +) == 4)
    let bias = try #require(rows.first { $0.name == "conv.bias" }?.statistics)
    #expect(bias.nan == 1 && bias.inf == 1 && bias.mean == 1 && bias.std == nil)
    #expect(try Command("inspect", "--json", file).json(Report.self).tensors.allSatisfy { $0.statistics == nil })

    let lines = try Command("inspect", "--stats", file).lines
    let titles = ["min", "max", "mean", "std", "zeros", "nan", "inf"]
    #expect(lines.contains { $0.split(separator: " ").map(String.init) == titles })
    let row = try #require(lines.first { $0.hasPrefix("conv.weight") })
    #expect(row.split(separator: " ").suffix(7) == ["-4", "12", "2.75", "6.801", "1", "0", "0"])
  }

  @Test("verify --values exits 1 and says what it found, check by check")
  func findings() throws {
    let run = try Command("verify", "--values", file)
    #expect(run.code == 1)
    #expect(run.lines.contains("conv.bias: 1 of 3 are NaN"))
    #expect(run.lines.contains("conv.bias: 1 of 3 are infinite"))
    #expect(run.lines.contains("bn.running_var: the smallest running variance is -0.5"))
    #expect(run.lines.contains("fc.weight: all 4 are 0.5"))
    #expect(run.lines.last == "values checked for nan, infinity, negative-variance, constant: 4 findings")
    let report = try JSONDecoder().decode(
      Verification.self, from: Data(Command("verify", "--json", "--values", file).output.utf8))
    #expect(report.findings.map(\.check) == ["nan", "infinity", "negative-variance", "constant"])

    let skips = ["nan", "infinity", "negative-variance", "constant"].flatMap { ["--skip-check", $0] }
    #expect(try Command(["verify", "--values", file] + skips).code == 0)
    let sound = try Command("verify", "--values", fixturePath("state_dicts/under_model.pth"))
    #expect(sound.code == 0)
    #expect(sound.lines.last == "values checked for nan, infinity, negative-variance, constant: nothing found")
    #expect(try Command("verify", "--skip-check", "nan", file).code == 64)
  }
}
