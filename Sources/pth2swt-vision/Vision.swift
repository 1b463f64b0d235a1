import ArgumentParser
import StateDicts
import Subcommands

/// The part of the command that runs models, as a separate program: `pth2swt` replaces itself with it for `detect`,
/// `classify` and `validate`.
///
/// Only this program needs oneDNN, libjpeg and libpng, so the converter builds and starts without them. `pth2swt` parses
/// the arguments first, for help, completion and usage errors; here they are parsed once more.
struct Vision: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pth2swt",
    abstract: "The part of pth2swt that runs models: pth2swt starts it for detect, classify and validate.",
    subcommands: [Detect.self, Classify.self, Validate.self])
}

@main
enum Main {
  static func main() { Vision.runProgram() }
}

/// Replaces Swift's own `print`, which neither escapes its arguments nor reports failures.
@available(*, unavailable, message: "print a line (String) or lines ([String]), which are escaped and checked")
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {}
