import Foundation
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Processes that share a conversion.
@Suite(.serialized) struct WorkerCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func files(_ name: String) throws -> [String: Data] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path(name))
    return Dictionary(
      uniqueKeysWithValues: paths.map {
        ($0, FileManager.default.contents(atPath: folder.path(name) + "/" + $0) ?? Data())
      })
  }

  /// A safetensors file of twelve tensors of different sizes, up to 400 kB.
  private func input() throws -> String {
    var (rows, end) = ([String](), 0)
    for number in 0..<12 {
      let count = 20_000 + (number * 7919) % 12 * 30_000
      rows.append(#""t\#(number)":{"dtype":"F32","shape":[\#(count / 4)],"data_offsets":[\#(end),\#(end + count)]}"#)
      end += count
    }
    let header = Array("{\(rows.joined(separator: ","))}".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> ($0 * 8)) }
    // Small numbers, of which bfloat16 holds some.
    let values = (0..<end / 4).flatMap { place in
      (0..<4).map { UInt8(truncatingIfNeeded: Float(place % 1000).bitPattern >> ($0 * 8)) }
    }
    try folder.write(length + header + values, "input.safetensors")
    return folder.path("input.safetensors")
  }

  private static let options = ["convert", "--dtype", "bfloat16", "--max-shard-size", "150kB"]

  @Test("output, card and inverse of four processes are those of one, in any order, with one killed and run again")
  func card() throws {
    defer { folder.remove() }
    let input = try input()
    // The card has the paths as given: both are written under the same.
    let files = ["--audit", folder.path("card.json"), "--inverse", folder.path("inverse.json")]
    let map = try folder.file("map.json", #"[{"rename": "t*", "to": "w*"}]"#)
    let options = ["convert", "--map", map, "--max-shard-size", "150kB"] + files
    #expect(try Command(options + [input, folder.path("out")]).code == 0)
    let expected = try (self.files("out"), folder.contents("card.json"), folder.contents("inverse.json"))
    for order in [[0, 1, 2, 3], [3, 1, 0, 2]] {
      for name in ["out", "card.json", "inverse.json"] { try FileManager.default.removeItem(atPath: folder.path(name)) }
      let killed = try ChildRun(Command.path, options + ["--worker", "\(order[0])/4", input, folder.path("out")])
      usleep(UInt32.random(in: 0...100_000))
      killed.send(SIGKILL)
      _ = try killed.end()
      for number in order {
        let run = try Command(options + ["--worker", "\(number)/4", input, folder.path("out")])
        #expect(run.code == 0, "\(run.errors)")
      }
      #expect(try self.files("out") == expected.0)
      #expect(try folder.contents("card.json") == expected.1 && folder.contents("inverse.json") == expected.2)
      // A task that is requeued late changes nothing.
      #expect(try Command(options + ["--worker", "2/4", input, folder.path("out")]).code == 0)
      #expect(try self.files("out") == expected.0)
    }
    #expect(try Command("verify", "--audit", folder.path("card.json"), folder.path("out")).code == 0)
  }

  @Test("processes at the same time, one of them killed at a random point and run again, end with the same bytes")
  func together() throws {
    defer { folder.remove() }
    let input = try input()
    #expect(try Command(Self.options + ["--audit", folder.path("card.json"), input, folder.path("out")]).code == 0)
    let (expected, card) = try (files("out"), folder.contents("card.json"))
    for _ in 0..<3 {
      for name in ["out", "card.json"] { try FileManager.default.removeItem(atPath: folder.path(name)) }
      func start(_ number: Int) throws -> ChildRun {
        let worker = ["--worker", "\(number)/3", "--audit", folder.path("card.json")]
        return try ChildRun(Command.path, Self.options + worker + [input, folder.path("out")])
      }
      var runs = try (0..<3).map(start)
      usleep(UInt32.random(in: 0...200_000))
      runs[1].send(SIGKILL)
      _ = try runs[1].end()
      // The same task runs twice, as after a node was lost.
      runs[1] = try start(1)
      runs.append(try start(1))
      for run in runs { #expect(try run.end().code == 0) }
      #expect(try files("out") == expected)
      #expect(try folder.contents("card.json") == card)
    }
  }

  @Test("of many inputs each is one worker's, and together they are all")
  func many() throws {
    defer { folder.remove() }
    let names = ["state_dicts", "zip_tensors", "shards"].map { fixturePath($0) }
    _ = try Command(["convert", "--into", folder.path("single")] + names)
    var inputs = 0
    for number in [2, 0, 1] {
      let run = try Command(["convert", "--json", "--worker", "\(number)/3", "--into", folder.path("out")] + names)
      let last = try JSONDecoder().decode([String: [String: Int]].self, from: Data(try #require(run.lines.last).utf8))
      inputs += last["summary"]?["inputs"] ?? 0
    }
    #expect(try files("out") == files("single"))
    let whole = try Command(["convert", "--json", "--resume", "--into", folder.path("out")] + names)
    #expect(try #require(whole.lines.last).contains(#""inputs":\#(inputs),"#))
  }

  private func run(_ environment: [String: String], _ worker: String) throws -> Command {
    let variables = environment.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
    let arguments = #"convert --json --worker "$1" --max-shard-size 1GB "$2" "$3""#
    return try Command(
      script: #"\#(variables) "$0" \#(arguments)"#, worker, fixturePath("state_dicts/module.pth"),
      folder.path(UUID().uuidString))
  }

  private struct Summary: Decodable {
    struct Worker: Decodable {
      let number: Int
      let count: Int
    }
    let worker: Worker?
  }

  @Test(
    "auto takes number and count from Slurm or Kubernetes",
    arguments: [
      (["SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_COUNT": "4"], "auto", 2, 4),
      (
        [
          "SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_COUNT": "3",
          "SLURM_ARRAY_TASK_STEP": "4",
        ], "auto", 2, 3
      ),
      (["SLURM_PROCID": "1", "SLURM_NTASKS": "2"], "auto", 1, 2),
      (
        [
          "SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_PROCID": "0",
          "SLURM_NTASKS": "1",
        ], "auto", 0, 2
      ),
      (["JOB_COMPLETION_INDEX": "3"], "auto/8", 3, 8),
    ] as [([String: String], String, Int, Int)])
  func environment(_ environment: [String: String], _ worker: String, _ number: Int, _ count: Int) throws {
    defer { folder.remove() }
    let summary = try run(environment, worker).json(Summary.self)
    #expect(summary.worker?.number == number && summary.worker?.count == count)
  }

  @Test(
    "what says no worker is a usage error",
    arguments: [
      ([:], "auto"), ([:], "auto/8"), (["JOB_COMPLETION_INDEX": "8"], "auto/8"), ([:], "4/4"), ([:], "-1/4"),
      ([:], "1"), ([:], "0/0"), ([:], "auto/0"), (["SLURM_PROCID": "x", "SLURM_NTASKS": "2"], "auto"),
      (["SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "3"], "auto"),
    ] as [([String: String], String)])
  func noWorker(_ environment: [String: String], _ worker: String) throws {
    defer { folder.remove() }
    #expect(try run(environment, worker).code == 64)
  }

  @Test("without --worker, the environment is ignored")
  func ignored() throws {
    defer { folder.remove() }
    let script = #"SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_COUNT=2 "$0" convert --json "$1" "$2""#
    let run = try Command(script: script, fixturePath("state_dicts/module.pth"), folder.path("m.swt"))
    #expect(run.code == 0)
    #expect(try run.json(Summary.self).worker == nil)
    #expect(try Command("convert", "--worker", "0/2", "--sha256", "a", "b.swt").code == 64)
    #expect(try Command("convert", "--worker", "0/2", "-", "b.swt").code == 64)
  }
}
