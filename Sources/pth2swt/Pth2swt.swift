import ArgumentParser
import ModelParameters
import StateDicts
import Subcommands
import Terminal

/// The command.
///
/// Each subcommand is one file, and what it does is a library call.
struct Pth2swt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pth2swt",
    abstract: "Reads, converts, verifies and runs PyTorch checkpoints without Python.",
    discussion: """
      EXAMPLES
        pth2swt model.pth model.swt                 convert
        pth2swt inspect model.pth                   list tensors
        pth2swt inspect --json --hashes model.pth   report for scripts, with SHA-256
        pth2swt show model.pth conv1.weight         print values
        pth2swt inspect hf://owner/name             a model on Hugging Face
        pth2swt verify model.pth --expect model.json
        pth2swt verify --values model.pth           find NaN and infinity
        pth2swt diff old.pth new.swt                what changed
        pth2swt convert --into out runs/            convert a whole folder
        pth2swt scan --strict download.bin          check for code in pickles
        pth2swt match model.pth --model fasterrcnn_resnet50_fpn
        pth2swt registry fasterrcnn_resnet50_fpn --frozen
        pth2swt declare model.pth > Model.swift     write its declaration
        pth2swt detect --weights model.pth --draw out street.jpg
        pth2swt classify --weights mobilenet.swt cat.jpg

      Files are recognised by content, not by name. - means standard input. Nothing in a file is run.

      Exit codes: 0 success; 1 the answer is no (verify, diff, match, scan, validate); 64 usage error; \
      65 malformed or refused input; 66 no input; 70 bug; 71 out of memory; 73 cannot create output; \
      74 input or output failed.
      """,
    version: Subcommands.version,
    subcommands: [
      ConvertCommand.self, InspectCommand.self, ShowCommand.self, VerifyCommand.self, FingerprintCommand.self,
      DiffCommand.self,
      ScanCommand.self,
      RegistryCommand.self, MatchCommand.self, DeclareCommand.self, Detect.self, Classify.self, Validate.self,
    ],
    defaultSubcommand: ConvertCommand.self)
}

extension Pth2swt {
  /// Checks that the first argument is a subcommand, an option or a file: otherwise a misspelled subcommand would be
  /// taken for a checkpoint to convert.
  ///
  /// - Throws: `ValidationError`, with the subcommands that may be meant, or if there are no arguments.
  fileprivate static func checkSubcommand() throws {
    guard let first = programArguments.first else {
      throw ValidationError("There is no input. Run pth2swt --help for examples.")
    }
    guard !first.exists else { return }
    let word = first.description
    let names = configuration.subcommands.map { $0._commandName } + ["help"]
    guard !names.contains(word), word.allSatisfy({ $0.isLetter }) else { return }
    let near = closestNames(to: word, among: names)
    throw ValidationError(
      "'\(word)' is neither a subcommand nor a file."
        + (near.isEmpty ? "" : " Did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"))
  }
}

@main
enum Main {
  static func main() { Pth2swt.runProgram(checking: Pth2swt.checkSubcommand) }
}

/// Replaces Swift's own `print`, which neither escapes its arguments nor reports failures.
@available(*, unavailable, message: "print a line (String) or lines ([String]), which are escaped and checked")
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {}
