import ArgumentParser
import StateDicts
import Terminal

#if canImport(Glibc)
  import Glibc
#endif

/// The command.
///
/// Each subcommand is one file, and what it does is a library call.
struct Pth2swt: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pth2swt",
    abstract: "Reads PyTorch checkpoints without Python: converts, inspects, verifies, compares, runs.",
    discussion: """
      EXAMPLES
        pth2swt model.pth model.swt                 convert (the same as pth2swt convert …)
        pth2swt inspect model.pth                   what is in it
        pth2swt inspect --json --hashes model.pth   the same for scripts, with each tensor's SHA-256
        pth2swt verify model.pth --expect model.json
        pth2swt diff old.pth new.swt
        pth2swt scan download.bin                   what its pickle names, and what each could do
        pth2swt match model.pth --model fasterrcnn_resnet50_fpn
        pth2swt registry fasterrcnn_resnet50_fpn --frozen
        pth2swt detect --weights model.pth --draw out street.jpg
        pth2swt classify --weights mobilenet.swt cat.jpg

      Files are told by their content, not their name. Nothing in them is run.
      Exit codes: 0; 1 the answer is no (verify, diff, match, scan, validate); 64 usage; 65 malformed or refused \
      input; 66 no input; 70 a bug; 71 no memory; 73 cannot create output; 74 input or output failed.
      """,
    version: "0.1.0",
    subcommands: [
      Convert.self, Inspect.self, Verify.self, FingerprintCommand.self, Diff.self, ScanCommand.self,
      RegistryCommand.self, MatchCommand.self, Detect.self, Classify.self, Validate.self,
    ],
    defaultSubcommand: Convert.self)
}

@main
enum Main {
  static func main() {
    // Without TZ, glibc looks at /etc/localtime for every time that libzip converts: one for each archive entry. The
    // name is glibc's own default, so nothing else changes.
    #if os(Linux)
      unsafe setenv("TZ", ":/etc/localtime", 0)
    #endif
    do {
      var command = try Pth2swt.parseProgramArguments()
      try command.run()
      try Output.results.check()
    } catch {
      Failure.exit(with: error)
    }
  }
}
