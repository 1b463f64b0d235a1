import ArgumentParser
import StateDicts
import Subcommands
import Terminal
import TorchCheckpoints

struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint",
    abstract: "Print what a checkpoint's tensors are, as JSON to keep beside the code.",
    discussion: """
      Names, types, shapes, ties and the CRC-32 of each tensor's bytes: the same for a .pth and the .swt made of it.

      EXAMPLES
        pth2swt fingerprint model.pth > model.json
        pth2swt verify model.swt --expect model.json
      """)

  @Argument(help: "The checkpoint.", completion: .checkpoint)
  var input: FilePath

  @OptionGroup var key: KeyOption
  @OptionGroup var inputs: InputOptions

  @Flag(help: .hidden)
  var json = false

  func run() throws {
    try printJSON(inputs.open(input).stateDict(key: key.key).fingerprint())
  }
}
