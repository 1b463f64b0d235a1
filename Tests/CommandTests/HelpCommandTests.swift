import Foundation
import Testing

/// What the command says of itself.
@Suite struct HelpCommandTests {
  private static let subcommands = [
    "convert", "inspect", "show", "verify", "fingerprint", "diff", "scan", "registry", "match", "declare", "detect",
    "classify", "validate",
  ]

  @Test("help is what Snapshots/help.txt has; after an intended change, PTH2SWT_SNAPSHOT=1 writes it anew")
  func snapshot() throws {
    var text = try Command("--help").output
    for subcommand in Self.subcommands { text += "\n\(try Command("help", subcommand).output)" }
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Snapshots/help.txt")
    if ProcessInfo.processInfo.environment["PTH2SWT_SNAPSHOT"] != nil {
      try Data(text.utf8).write(to: url)
      print("written: \(url.path)")
    }
    let expected = try String(contentsOf: url, encoding: .utf8)
    let changed = zip(text.split(separator: "\n"), expected.split(separator: "\n")).first { $0 != $1 }
    #expect(text == expected, "the first line that differs: \(String(describing: changed))")
  }

  @Test("each subcommand's help has an example that names the command", arguments: subcommands)
  func examples(_ subcommand: String) throws {
    let help = try Command(subcommand, "--help")
    #expect(help.code == 0)
    #expect(help.output.contains("EXAMPLES\n  pth2swt ") || help.output.contains("EXAMPLES\n    pth2swt "))
  }

  @Test("no line of an example is wrapped", arguments: [""] + subcommands)
  func exampleLines(_ subcommand: String) throws {
    let help = try Command("help", subcommand).output
    let examples = try #require(help.split(separator: "EXAMPLES\n").dropFirst().first).split(separator: "\n\n")[0]
    for line in examples.split(separator: "\n") { #expect(line.hasPrefix("  pth2swt "), "\(line)") }
  }

  @Test("completion scripts for the three shells name every subcommand", arguments: ["bash", "zsh", "fish"])
  func completions(_ shell: String) throws {
    let run = try Command("--generate-completion-script", shell)
    #expect(run.code == 0)
    for word in Self.subcommands + ["skip-unsupported", "safetensors"] { #expect(run.output.contains(word)) }
  }

  @Test("docs/public-api.md names only options that the commands have, and the JSON of every command")
  func publicAPI() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../docs/public-api.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    for subcommand in Self.subcommands {
      let help = try Command("help", subcommand).output
      // `classify --json` is an array of …, with `--timings`: up to the next command's paragraph.
      let paragraphs = text.split(separator: "\n\n").filter { $0.hasPrefix("**`\(subcommand)") }
      #expect(!paragraphs.isEmpty || !help.contains(" --json "), "\(subcommand) --json")
      for paragraph in paragraphs {
        for option in paragraph.matches(of: /`[^`]*?(--[a-z-]+)[^`]*`/) {
          #expect(help.contains("\(option.1) "), "\(subcommand) \(option.1)")
        }
      }
    }
  }

  @Test("a version has three numbers")
  func version() throws {
    let parts = try Command("--version").output.split(separator: "\n").joined().split(separator: ".")
    #expect(parts.compactMap { Int($0) }.count == 3)
  }
}
