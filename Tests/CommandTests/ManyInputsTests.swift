import Foundation
import StateDicts
import Testing
import TorchCheckpoints

/// Commands on folders and lists: a line for each checkpoint, a failure that does not stop the rest, a summary.
@Suite struct ManyInputsTests {
  private let folder: TemporaryFolder

  /// A tree with a file, a folder that is one checkpoint and holds another file, a broken file, and a text.
  init() throws {
    folder = try TemporaryFolder()
    for name in ["runs/1", "runs/3"] {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }
    try copy("state_dicts/module.pth", "runs/1/model.pth")
    try copy("shards/safetensors", "runs/2")
    try copy("state_dicts/under_model.pth", "runs/2/ema.pt")
    let whole = try Data(contentsOf: Repository.fixture("state_dicts/module.pth"))
    try folder.write(whole.prefix(whole.count / 2), "runs/3/cut.pth")
    try folder.write("notes".utf8, "runs/readme.md")
  }

  private func copy(_ fixture: String, _ name: String) throws {
    try FileManager.default.copyItem(atPath: fixturePath(fixture), toPath: folder.path(name))
  }

  private func files(below name: String) throws -> [String] {
    let url = folder.url.appending(path: name)
    return try FileManager.default.subpathsOfDirectory(atPath: url.path).filter {
      try url.appending(path: $0).resourceValues(forKeys: [.isDirectoryKey]).isDirectory != true
    }.sorted()
  }

  private struct Summary: Decodable {
    let summary: [String: Int]
  }

  private struct Line: Decodable {
    struct Failure: Decodable {
      let code: String
      let file: String
    }
    let file: String?
    let input: String?
    let skipped: String?
    let error: Failure?
    let summary: [String: Int]?
  }

  private func lines(_ run: Command) throws -> [Line] {
    try run.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  @Test("a folder that is no checkpoint is searched; the exit code is that of the first failure")
  func verify() throws {
    defer { folder.remove() }
    let root = folder.path("runs")
    let run = try Command("verify", root)
    #expect(run.code == 65 && run.errors == "")
    let beginnings = [
      "ok       \(root)/1/model.pth: 14 records", "ok       \(root)/2: 6 records", "ok       \(root)/2/ema.pt: ",
      "failed   \(root)/3/cut.pth: ", "skipped  \(root)/readme.md: ", "5 inputs: 3 verified, 1 failed, 1 skipped",
    ]
    #expect(run.lines.count == beginnings.count)
    for (line, beginning) in zip(run.lines, beginnings) { #expect(line.hasPrefix(beginning), "\(line)") }
    let json = try lines(Command("verify", "--json", root))
    #expect(json.prefix(3).map(\.file) == ["\(root)/1/model.pth", "\(root)/2", "\(root)/2/ema.pt"])
    #expect(json[3].error?.file == "\(root)/3/cut.pth" && json[4].skipped != nil)
    #expect(json[5].summary?["inputs"] == 5 && json[5].summary?["failed"] == 1)
    // A folder that is one checkpoint is one input, as before.
    #expect(
      try Command("verify", "\(root)/2").lines == ["\(root)/2: 6 records, 180 B, none damaged; 6 have no checksum"])
    try FileManager.default.removeItem(atPath: "\(root)/3")
    #expect(try Command("verify", root).code == 0)
  }

  @Test("what is given must be a checkpoint; a search that finds none is exit 66")
  func none() throws {
    defer { folder.remove() }
    let given = try Command("verify", folder.path("runs/readme.md"), folder.path("runs/1"))
    #expect(given.code == 65 && given.lines.last == "2 inputs: 1 verified, 1 failed")
    let absent = try Command("verify", folder.path("runs/absent"), folder.path("runs/1"))
    #expect(absent.code == 66 && absent.lines.last == "2 inputs: 1 verified, 1 failed")
    try FileManager.default.removeItem(atPath: folder.path("runs/1"))
    try FileManager.default.removeItem(atPath: folder.path("runs/2"))
    try FileManager.default.removeItem(atPath: folder.path("runs/3"))
    #expect(try Command("verify", folder.path("runs")).code == 66)
    for command in ["verify", "scan", "fingerprint"] { #expect(try Command(command).code == 64) }
    #expect(try Command("verify", "--expect", "a", "b", "c").code == 64)
  }

  @Test("a finding is not a failure of another input: exit 1")
  func findings() throws {
    defer { folder.remove() }
    try FileManager.default.removeItem(atPath: folder.path("runs/3"))
    let run = try Command("verify", "--values", folder.path("runs"), fixturePath("zip_tensors/dtype_float32.pth"))
    #expect(run.code == 1)
    #expect(run.lines.contains { $0.hasPrefix("no       ") })
    #expect(run.lines.last?.contains("with findings") == true)
  }

  @Test(
    "a list has a path per line, or paths separated by NUL, from a file or standard input",
    arguments: ["\n", "\r\n", "\0"])
  func lists(_ separator: String) throws {
    defer { folder.remove() }
    let paths = ["runs/1/model.pth", "runs/2", "other.pth"].map { folder.path($0) }
    try copy("state_dicts/module.pth", "other.pth")
    let list = try folder.file("list", paths.joined(separator: separator) + separator)
    let run = try Command("verify", "--files-from", list)
    #expect(run.code == 0 && run.lines.last == "4 inputs: 4 verified")
    let piped = try Command(script: #""$0" verify --files-from - < "$1""#, list)
    #expect(piped.lines == run.lines)
    #expect(try Command("verify", "--files-from", folder.path("none")).code == 66)
  }

  @Test("fingerprints have a line each, and are those of the files")
  func fingerprint() throws {
    defer { folder.remove() }
    let run = try Command("fingerprint", folder.path("runs"))
    #expect(run.code == 65)
    let found = try run.lines.prefix(3).map { try JSONDecoder().decode(Fingerprint.self, from: Data($0.utf8)) }
    let paths = ["1/model.pth", "2", "2/ema.pt"].map { folder.path("runs/" + $0) }
    #expect(try found == paths.map { try Checkpoint(path: $0).stateDict().fingerprint() })
    #expect(try lines(run).prefix(3).map(\.file) == paths)
  }

  @Test("scan looks at each file of several inputs, and at those that no index lists")
  func scan() throws {
    defer { folder.remove() }
    try folder.write(
      Array("\u{80}".unicodeScalars.map { UInt8($0.value) }) + "\u{2}cos\nsystem\n)R.".utf8, "runs/2/args.pkl")
    let run = try Command("scan", folder.path("runs"), fixturePath("state_dicts/module.pth"))
    #expect(run.code == 1)
    #expect(run.lines.contains { $0.hasPrefix("dangerous  \(folder.path("runs/2/args.pkl"))") })
    #expect(run.lines.last?.hasPrefix("9 files: 5 clean") == true, "\(run.lines.last ?? "")")
    let json = try Command("scan", "--json", folder.path("runs"), fixturePath("state_dicts/module.pth"))
    let summary = try JSONDecoder().decode(Summary.self, from: Data(try #require(json.lines.last).utf8)).summary
    #expect(json.lines.count == 10 && summary["files"] == 9 && summary["dangerous"] == 1)
  }

  @Test("--into writes each input under its place and name, with the bytes of a conversion by itself")
  func into() throws {
    defer { folder.remove() }
    let run = try Command("convert", "--into", folder.path("out"), folder.path("runs"), fixturePath("tar"))
    #expect(run.code == 65)
    let expected = ["1/model.swt", "2.swt", "2/ema.swt"]
    let found = try files(below: "out")
    #expect(Set(found).isSuperset(of: expected) && !found.contains { $0.contains("cut") || $0.contains("readme") })
    for (name, source) in zip(expected, ["1/model.pth", "2", "2/ema.pt"]) {
      #expect(try Command("convert", "--force", folder.path("runs/" + source), folder.path("single.swt")).code == 0)
      #expect(try folder.contents("out/" + name) == folder.contents("single.swt"))
    }
    // Again: what is there is kept, and the rest goes on.
    let again = try Command("convert", "--json", "--into", folder.path("out"), folder.path("runs"))
    #expect(again.code == 73)
    #expect(try lines(again).count { $0.error?.code == "outputExists" } == 3)
    let resumed = try Command("convert", "--resume", "--into", folder.path("out"), folder.path("runs"))
    #expect(resumed.code == 65 && resumed.lines.count { $0.contains("1 file of an earlier run") } == 3)
  }

  @Test("--into keeps the relative paths of a list, and does not take outputs for inputs")
  func intoFromList() throws {
    defer { folder.remove() }
    let script = #"cd "$1" && find runs -name '*.p*t*' | sort | "$0" convert --format pth --into runs --files-from -"#
    let run = try Command(script: script, folder.url.path)
    #expect(run.code == 65)
    #expect(try files(below: "runs/runs") == ["1/model.pth", "2/ema.pth"])
    _ = try Command("convert", "--format", "pth", "--into", folder.path("runs/out"), folder.path("runs"))
    #expect(
      try files(below: "runs/out") == ["1/model.pth", "2.pth", "2/ema.pth", "runs/1/model.pth", "runs/2/ema.pth"])
  }

  @Test("two inputs with one output are an error of the second, and the first is converted")
  func collision() throws {
    defer { folder.remove() }
    try copy("state_dicts/under_model.pth", "runs/1/model.pt")
    let run = try Command("convert", "--into", folder.path("out"), folder.path("runs/1"))
    #expect(run.code == 73 && run.lines.last == "2 inputs: 1 converted, 1 failed")
    #expect(
      run.lines[1].contains("is that of") && run.lines[1].hasPrefix("failed   \(folder.path("runs/1/model.pth"))"))
  }

  @Test("with --max-shard-size each output is a folder")
  func shards() throws {
    defer { folder.remove() }
    let arguments = [
      "--max-shard-size", "100", "--into", folder.path("out"), folder.path("runs/1"), folder.path("runs/2"),
    ]
    #expect(try Command(["convert"] + arguments).code == 0)
    #expect(
      try files(below: "out").filter { $0.hasSuffix("index.json") } == [
        "2/model.safetensors.index.json", "ema/model.safetensors.index.json", "model/model.safetensors.index.json",
      ])
    #expect(try Command("diff", folder.path("out/2"), folder.path("runs/2")).code == 0)
  }

  @Test(
    "options for one output, and inputs without a name, are usage errors",
    arguments: [
      ["--merge", "a", "b"], ["--audit", "card.json", "a"], ["--inverse", "map.json", "a"], ["-"], [],
      ["--max-shard-size", "1GB", "--format", "pth", "a"],
    ])
  func usage(_ arguments: [String]) throws {
    defer { folder.remove() }
    #expect(try Command(["convert", "--into", folder.path("out")] + arguments).code == 64)
    #expect(try Command("convert", "--files-from", "list", "a", "b.swt").code == 64)
  }

  @Test("--dry-run says what would be written where, and writes nothing")
  func dryRun() throws {
    defer { folder.remove() }
    let run = try Command("convert", "--dry-run", "--into", folder.path("out"), folder.path("runs/1"))
    #expect(run.code == 0 && run.lines.last == "1 input: 1 would be converted")
    #expect(run.lines[0].contains("out/model.swt: 8 tensors"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }
}
