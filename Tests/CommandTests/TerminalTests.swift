import Foundation
import StateDicts
import Subcommands
import Terminal
import Testing

/// What the command shows on terminals of different widths, locales and colours.
@Suite struct TerminalTests {
  private static let script = "/usr/bin/script"
  private static let isHere: Bool = {
    #if os(Linux)
      FileManager.default.isExecutableFile(atPath: script)
    #else
      // Other systems' command of this name has other options.
      false
    #endif
  }()

  let folder: TemporaryFolder
  let file: String
  let other: String

  init() throws {
    folder = try TemporaryFolder()
    (file, other) = (folder.path("model.swt"), folder.path("other.swt"))
    try Self.model(scale: 1).write(to: URL(fileURLWithPath: file))
    try Self.model(scale: 2).write(to: URL(fileURLWithPath: other))
  }

  /// 3 stages of 14 blocks, and a head with a long name.
  private static func model(scale: Float) throws -> StateDict {
    var tensors: [StateDict.Element] = []
    for stage in 0..<3 {
      for block in 0..<14 {
        let name = "backbone.body.stage\(stage).block\(block)"
        tensors.append(("\(name).conv.weight", try weight([4 << stage, 4], scale)))
        tensors.append(("\(name).conv.bias", try weight([4 << stage], scale)))
      }
    }
    let head = "a_head_with_a_name_that_is_longer_than_a_narrow_terminal.and_more_components.classifier.weight"
    return try StateDict(tensors + [(head, weight([10, 8], scale))])
  }

  private static func weight(_ shape: [Int], _ scale: Float) throws -> Tensor {
    let count = shape.reduce(1, *)
    return try Tensor((0..<count).map { scale * Float($0 % 7) - 1.5 }, shape: shape)
  }

  /// Runs the command on a terminal of a size.
  private func run(_ columns: Int, _ rows: Int, _ environment: String, _ arguments: String) throws -> [String] {
    let script = #"exec script -qec "stty cols $1 rows $2; env $3 '$0' $4" /dev/null </dev/null"#
    let run = try Command(script: script, "\(columns)", "\(rows)", environment, arguments)
    return run.output.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
  }

  private static let plain = "NO_COLOR=1"

  @Test(
    "the tree fits terminals of every size and is as deep as they have room for",
    .enabled(if: isHere, "the command script of util-linux is not here"),
    arguments: [(60, 24), (80, 24), (80, 60), (200, 50)])
  func tree(_ columns: Int, _ rows: Int) throws {
    let lines = try run(columns, rows, Self.plain, "inspect \(file)")
    #expect(lines.count <= rows)
    let tree = lines.drop { !$0.isEmpty }.dropFirst().prefix { !$0.isEmpty }
    #expect(tree.count > 3 && tree.allSatisfy { $0.count <= columns }, "\(lines)")
    #expect(tree.contains { $0.contains("├ stage0") } && tree.contains { $0.contains("█") })
    #expect(tree.contains { $0.contains("block0") } == (rows > 30))
  }

  @Test(
    "tables fit terminals of 60 to 200 columns, and no name is shortened in a pipe",
    .enabled(if: isHere, "the command script of util-linux is not here"), arguments: [60, 80, 120, 200])
  func tables(_ columns: Int) throws {
    for command in ["inspect --stats \(file)", "inspect --all \(file)", "diff \(file) \(other)"] {
      let lines = try run(columns, 50, Self.plain, command)
      let table = lines.filter { !$0.contains("model.swt") && !$0.contains("more changed") && !$0.hasPrefix("  ") }
      #expect(table.count > 20 && table.allSatisfy { $0.count <= columns }, "\(table.filter { $0.count > columns })")
    }
    #expect(
      try Command("inspect", "--all", file).output.contains("a_narrow_terminal.and_more_components.classifier.weight"))
  }

  @Test(
    "a terminal has colours unless NO_COLOR or --color says otherwise, a pipe only with --color always",
    .enabled(if: isHere, "the command script of util-linux is not here"))
  func colours() throws {
    func isColoured(_ lines: [String]) -> Bool { lines.contains { $0.contains("\u{1B}[") } }
    #expect(try isColoured(run(80, 24, "-u NO_COLOR TERM=xterm", "inspect \(file)")))
    #expect(try !isColoured(run(80, 24, "TERM=xterm NO_COLOR=1", "inspect \(file)")))
    #expect(try !isColoured(run(80, 24, "-u NO_COLOR TERM=dumb", "inspect \(file)")))
    #expect(try !isColoured(run(80, 24, "-u NO_COLOR TERM=xterm", "inspect --color never \(file)")))
    #expect(try isColoured(run(80, 24, "TERM=xterm NO_COLOR=1", "inspect --color always \(file)")))
    #expect(try !isColoured(Command("inspect", file).lines))
    #expect(try isColoured(Command("inspect", "--color", "always", file).lines))
    #expect(try !isColoured(Command("inspect", "--color", "always", "--json", file).lines))
  }

  @Test(
    "where the locale is not UTF-8, trees and bars are ASCII",
    .enabled(if: isHere, "the command script of util-linux is not here"))
  func locale() throws {
    for command in ["inspect \(file)", "diff \(file) \(other)"] {
      let lines = try run(80, 30, "LC_ALL=C NO_COLOR=1", command)
      #expect(lines.joined().utf8.allSatisfy { $0 < 0x80 } && lines.contains { $0.contains("#") })
    }
  }

  @Test(
    "progress has the rate and the time left, as far as they fit",
    arguments: [
      (200, "25%  1.0 GB of 4.0 GB  500.0 MB/s  6 s left  model.safetensors"),
      (56, "25%  1.0 GB of 4.0 GB  500.0 MB/s  6 s left  afetensors"),
      (48, "25%  1.0 GB of 4.0 GB  500.0 MB/s  6 s left"),
      (30, "25%  1.0 GB of 4.0 GB"), (8, "25%"),
    ])
  func progress(_ columns: Int, _ text: String) {
    let progress = ByteProgress(
      completedByteCount: 1_000_000_000, totalByteCount: 4_000_000_000, name: "model.safetensors")
    #expect(ProgressLine.text(progress, after: .seconds(2), columns: columns) == text)
  }

  @Test("the rate of a download does not count what was there before, and one of unknown size has no time left")
  func downloads() {
    let resumed = ByteProgress(completedByteCount: 900, totalByteCount: 1000, name: "", resumedByteCount: 800)
    #expect(ProgressLine.text(resumed, after: .seconds(1), columns: 80) == "90%  900 B of 1.0 kB  100 B/s  1 s left  ")
    let unknown = ByteProgress(completedByteCount: 1000, totalByteCount: nil, name: "x")
    #expect(ProgressLine.text(unknown, after: .seconds(2), columns: 80) == "1.0 kB  500 B/s  x")
    #expect(Readable.seconds(3725) == "1 h 2 min" && Readable.seconds(125) == "2 min 5 s")
  }
}
