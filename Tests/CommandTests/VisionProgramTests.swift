import Foundation
import Testing

/// `pth2swt` becomes `pth2swt-vision` for the subcommands that run models.
@Suite struct VisionProgramTests {
  private let folder: TemporaryFolder
  private let weights = fixturePath("runnable/classifier.pth")
  private let image = fixturePath("runnable/dot.png")

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test(
    "without the program the error says how to build it, exit 66; help and mistakes of usage need no program",
    arguments: [
      ["detect", "--weights", "w.pth", "a.png"], ["classify", "--weights", "w.pth", "a.png"], ["validate", "w"],
    ])
  func missing(arguments: [String]) throws {
    defer { folder.remove() }
    func alone(_ arguments: [String]) throws -> Command {
      try Command(
        script: #"cp "$0" "$1/pth2swt" && shift && PATH= exec "$@""#,
        [folder.url.path, folder.path("pth2swt")] + arguments)
    }
    let run = try alone(arguments)
    #expect(run.code == 66)
    #expect(
      run.errors == """
        pth2swt: Models are run by the program pth2swt-vision, which is neither next to pth2swt nor in PATH.
          at: \(folder.path("pth2swt-vision"))
          try: build it (swift build --product pth2swt-vision) and install it next to pth2swt

        """)
    #expect(try alone([arguments[0], "--help"]).output == Command("help", arguments[0]).output)
    #expect(try alone([arguments[0], "--no-such-option"]).code == 64)
  }

  @Test("the program is found in PATH too, and gets standard input and arguments that are not UTF-8")
  func inPath() throws {
    defer { folder.remove() }
    let here = try Command("classify", "--weights", weights, image)
    #expect(here.code == 0 && here.lines.count == 6)
    let script = #"""
      folder=$1; shift
      cp "$0" "$folder/pth2swt" && cp "$2" "$folder/$(printf 'a\377.png')" && cd "$folder"
      PATH="${0%/*}:$PATH" ./pth2swt classify --weights - "$(printf 'a\377.png')" < "$1"
      """#
    let run = try Command(script: script, folder.url.path, weights, image)
    #expect(run.code == 0)
    #expect(run.lines.first == #"a\xff.png"#)
    #expect(run.lines.dropFirst() == here.lines.dropFirst())
  }
}
