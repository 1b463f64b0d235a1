import Foundation
import Testing

/// What a person types, and mistypes.
@Suite struct CommandLineTests {
  private static let file = fixture("module.pth")

  private static func fixture(_ name: String) -> String { fixturePath("state_dicts/\(name)") }

  @Test(
    "a misspelled subcommand is told what it may be",
    arguments: [("inpsect", "inspect"), ("convret", "convert"), ("scna", "scan"), ("fingerprnt", "fingerprint")])
  func misspelledSubcommand(_ word: String, _ meant: String) throws {
    for arguments in [[word], [word, Self.file], [word, Self.file, "--json"]] {
      let run = try Command(arguments)
      #expect(run.code == 64)
      let said = run.output + run.errors
      #expect(said.contains("'\(word)' is neither a subcommand nor a file. Did you mean '\(meant)'?"), "\(said)")
    }
  }

  @Test("a word that resembles no subcommand is told so, and a file of such a name is a file")
  func otherWords() throws {
    let run = try Command("frobnicate", "x.swt")
    #expect(
      run.code == 64 && run.errors.contains("neither a subcommand nor a file.") && !run.errors.contains("Did you"))
    #expect(try Command("missing.pth", "x.swt").code == 66)
  }

  @Test(
    "an unknown model is told the nearest ones",
    arguments: [
      ("fasterrcnn", "fasterrcnn_resnet18_fpn"), ("resnet5", "resnet50"),
      ("faster_rcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn"),
      ("mobilenetv2", "mobilenet_v2"), ("vit_b_16", "pth2swt registry lists the models"),
    ])
  func unknownModel(_ name: String, _ near: String) throws {
    let run = try Command("registry", name)
    #expect(
      run.code == 64 && run.errors.contains("Unknown model: \(name).") && run.errors.contains(near), "\(run.errors)")
    #expect(name != "fasterrcnn" || !run.errors.contains(" resnet18"))
  }

  @Test("inspect takes several files, goes on after one that fails, and with --json prints a line for each")
  func severalFiles() throws {
    let files = [Self.file, "missing.pth", "missing_too.pth", Self.fixture("under_ema.pth")]
    let text = try Command(["inspect"] + files)
    #expect(text.code == 66 && text.errors.contains("missing.pth") && text.errors.contains("missing_too.pth"))
    #expect(text.output.contains("module.pth") && text.output.contains("under_ema.pth"))
    let json = try Command(["inspect", "--json"] + files)
    let lines = json.output.split(separator: "\n")
    #expect(json.code == 66 && lines.count == 4)
    for line in lines {
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }
  }

  @Test("- is standard input, from a file and from a pipe")
  func standardInput() throws {
    let whole = try Command("fingerprint", Self.file).output
    #expect(try Command(script: #""$0" fingerprint - < "$1""#, Self.file).output == whole)
    #expect(try Command(script: #"cat "$1" | "$0" fingerprint -"#, Self.file).output == whole)
    let scan = try Command("scan", Self.file).output
    #expect(try Command(script: #"cat "$1" | "$0" scan -"#, Self.file).output == scan)
    let empty = try Command(script: #""$0" inspect - < /dev/null"#)
    #expect(empty.code == 65 && empty.errors.contains("standard input"))
  }
}
